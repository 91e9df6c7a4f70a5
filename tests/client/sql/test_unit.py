"""A unit of work: all of it or nothing, whoever cancels whom, and no connection kept."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from sqlalchemy import text

from holdfast.errors import CallFailed, DeadlineExceeded
from holdfast.policy import deadline
from tests.client.sql.rig import notes, rigged

pytestmark = pytest.mark.anyio

INSERT = text("INSERT INTO notes VALUES (:id, 'x')")


async def test_it_is_committed_at_the_end_and_rolled_back_where_it_raises(url: str) -> None:
    async with rigged(url) as rig:
        async with rig.db.begin() as session:
            await session.execute(INSERT, {"id": 1})

        async def failing() -> None:
            async with rig.db.begin() as session:
                await session.execute(INSERT, {"id": 2})
                raise KeyError

        with pytest.raises(KeyError):
            await failing()
        assert await notes(rig) == 1
        rig.idle()


async def test_what_is_too_late_is_not_committed(url: str) -> None:
    async with rigged(url) as rig:

        async def late() -> None:
            async with rig.db.begin() as session:
                await session.execute(INSERT, {"id": 1})
                deadline.tighten(0.0)

        with pytest.raises(DeadlineExceeded):
            await asyncio.create_task(late())
        assert await notes(rig) == 0
        rig.idle()


async def test_a_session_that_was_not_used_takes_no_connection() -> None:
    async with rigged("sqlite://") as rig:
        async with rig.db.begin():
            assert rig.taken == 0
        assert rig.heard == []


@pytest.mark.parametrize("seed", range(3))
async def test_random_cancellation_leaks_nothing_and_commits_no_half(url: str, seed: int) -> None:
    dice = random.Random(seed)
    async with rigged(url, pool=3, section={"bulkhead": 100}) as rig:
        finished: set[int] = set()

        async def pair(number: int) -> None:
            limit = dice.choice([None, None, 0.004, 0.02])
            token = deadline.tighten(None if limit is None else asyncio.get_running_loop().time() + limit)
            try:
                async with deadline.until(None), rig.db.begin() as session:
                    await session.execute(INSERT, {"id": 2 * number})
                    if dice.random() < 0.3:
                        await asyncio.sleep(dice.random() / 200)
                    await session.execute(INSERT, {"id": 2 * number + 1})
                finished.add(number)
            except (DeadlineExceeded, CallFailed):
                pass
            finally:
                deadline.restore(token)

        tasks: list[asyncio.Task[None]] = []
        for number in range(80):
            tasks.append(asyncio.create_task(pair(number)))
            await asyncio.sleep(dice.choice([0, 0, 0.001, 0.004]))
            if dice.random() < 0.5:
                dice.choice(tasks[-6:]).cancel()
        results: list[Any] = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(r is None or isinstance(r, asyncio.CancelledError) for r in results), results
        rig.idle()
        async with rig.db.begin() as session:
            found = {row[0] for row in await session.execute(text("SELECT id FROM notes"))}
        assert {i for i in found if i % 2 == 0} == {i - 1 for i in found if i % 2}
        assert {2 * number for number in finished} <= found
        rig.idle()
