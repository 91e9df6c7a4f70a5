"""What a thread writes is read by its caller, though only coroutines read from replicas."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from holdfast.budget.model import Dependency
from holdfast.client.sql import blocking_database
from holdfast.client.sql.replica import following
from holdfast.client.threads import Home
from holdfast.loop.offload.threads import current
from tests.client.sql.replica.pair import Addresses, paired, standing_still
from tests.client.sql.rig import SECTION, until

pytestmark = pytest.mark.anyio

INSERT = text("INSERT INTO notes (body) VALUES ('x')")


async def test_a_caller_reads_what_his_thread_has_written(made: Addresses) -> None:
    async with paired(made, lag="60s") as pair:
        home = Home()
        home.begin()
        section = Dependency.model_validate(SECTION)
        db = blocking_database("db", section, home=home, pool=None, state=pair.db.state)
        await pair.replica_has_caught_up()

        def write() -> None:
            with db.begin() as session:
                session.execute(INSERT)

        async with standing_still(made):
            with following() as caller:
                await current().run(write)
                assert await pair.count() == 1
                mark = caller.get("db")
                assert mark is not None
                assert mark.position is not None
            with following() as caller:
                async for session in db.session():  # as a `def` route has it
                    await current().run(session.execute, INSERT)
                assert await pair.count() == 2
            with following():
                assert await pair.count() == 0
        await until(lambda: not pair.db.state.doors.current().checkout.held)
        await db.aclose()
        home.end()
