"""A thread's statement ends with its request, at the server too; a commit that has begun does not."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import pytest
from sqlalchemy import text

from holdfast.client.sql.pool.hold import Hold
from holdfast.errors import CallFailed, DeadlineExceeded
from holdfast.policy import deadline
from tests.client.sql.blocking.threads import Threads, threaded
from tests.client.sql.rig import until

pytestmark = pytest.mark.anyio

FOREVER = {
    "postgresql": "SELECT pg_sleep(60)",
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
    "mysql": "SELECT SLEEP(60)",
}


def forever(both: Threads) -> None:
    statement = FOREVER[both.db.engine.dialect.name]
    with both.db.begin() as session:
        session.execute(text(statement))


async def test_a_statement_is_interrupted_at_the_deadline(url: str) -> None:
    async with threaded(url, pool=1) as both:
        token = deadline.tighten(asyncio.get_running_loop().time() + 0.2)
        try:
            with pytest.raises(DeadlineExceeded):
                await both.run(forever, both)
        finally:
            deadline.restore(token)
        await until(lambda: both.rig.taken == 0)
        assert await both.run(both.count) == 0
        if url.startswith("postgres"):
            await until(lambda: _none_runs(both))


async def test_no_statement_begins_after_the_deadline(url: str) -> None:
    async with threaded(url, pool=1) as both:

        def late() -> None:
            with both.db.begin() as session:
                session.execute(text("SELECT 1"))
                deadline.tighten(0.0)
                session.execute(text("SELECT 2"))

        with pytest.raises(DeadlineExceeded):
            await both.run(late)
        await until(lambda: both.rig.taken == 0)


async def test_what_is_too_late_is_not_committed(url: str) -> None:
    async with threaded(url, pool=1) as both:

        def late() -> None:
            with both.db.begin() as session:
                session.execute(text("INSERT INTO notes VALUES (1, 'x')"))
                deadline.tighten(0.0)

        with pytest.raises(DeadlineExceeded):
            await both.run(late)
        assert await both.run(both.count) == 0


async def test_the_server_stops_a_statement_that_takes_too_long(postgres_url: str) -> None:
    async with threaded(postgres_url, section={"timeout": {"total": "200ms"}}) as both:
        with pytest.raises(CallFailed) as failed:
            await both.run(forever, both)
        assert failed.value.cause == "timeout"
        await until(lambda: _none_runs(both))


def test_nothing_is_interrupted_once_it_is_committing() -> None:
    cancelled: list[Any] = []
    hold = Hold(0.0, 1.0, ())
    hold.spare()
    hold.interrupt(lambda: cancelled.append(1))
    assert not cancelled
    assert not hold.interrupted
    other = Hold(0.0, 1.0, ())
    other.interrupt(lambda: cancelled.append(1))
    assert other.interrupted


def test_sqlite_is_interrupted_from_another_thread() -> None:
    from holdfast.client.sql.blocking.interrupt import _sqlite

    connection = sqlite3.connect(":memory:")
    connection.set_progress_handler(lambda: _sqlite(connection), 1000)
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        connection.execute(FOREVER["sqlite"])
    connection.close()


async def _none_runs(both: Threads) -> bool:
    async with both.rig.db.begin() as session:
        query = (
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"
        )
        return not (await session.execute(text(query))).scalar_one()
