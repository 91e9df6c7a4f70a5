"""MariaDB under the same policies: its own words for limits, deadlocks and statements to be killed."""

from __future__ import annotations

import asyncio
import time

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from holdfast.errors import CallFailed, DeadlineExceeded
from holdfast.events import RetryDecided
from holdfast.policy import deadline
from tests.client.sql.blocking.threads import threaded
from tests.client.sql.rig import Rig, rigged, until

pytestmark = pytest.mark.anyio

SLEEPS = "SELECT SLEEP(60)"
LOCKED = text("SELECT body FROM notes WHERE id = :id FOR UPDATE")
FILL = text("INSERT INTO notes VALUES (1, 'a'), (2, 'b')")


async def runs(rig: Rig) -> int:
    """How many statements sleep at the server."""
    async with rig.db.begin() as session:
        query = "SELECT count(*) FROM information_schema.processlist WHERE info = :sleeps"
        return int((await session.execute(text(query), {"sleeps": SLEEPS})).scalar_one())


async def none_runs(rig: Rig) -> bool:
    return not await runs(rig)


async def test_the_server_is_told_how_long_a_statement_may_take(mysql_url: str) -> None:
    async with rigged(mysql_url, section={"timeout": {"total": "200ms"}}) as rig:
        async with rig.db.begin() as session:
            assert (await session.execute(text("SELECT @@max_statement_time"))).scalar_one() == 0.2
        with pytest.raises(CallFailed) as failed:
            async with rig.db.begin() as session:
                await session.execute(text(SLEEPS))
        assert failed.value.cause == "timeout"
        rig.idle()


@pytest.mark.parametrize("how", ["deadline", "cancelled"])
async def test_a_statement_that_nobody_waits_for_is_killed_at_the_server(mysql_url: str, how: str) -> None:
    async with rigged(mysql_url) as rig:

        async def late() -> None:
            limit = time.monotonic() + 0.2 if how == "deadline" else None
            async with deadline.until(limit), rig.db.begin() as session:
                await session.execute(text(SLEEPS))

        task = asyncio.create_task(late())
        if how == "cancelled":
            await until(lambda: runs(rig))
            task.cancel()
        with pytest.raises(DeadlineExceeded if how == "deadline" else asyncio.CancelledError):
            await task
        await until(lambda: none_runs(rig))
        rig.idle()


async def test_a_deadlock_is_tried_again_as_a_whole(mysql_url: str) -> None:
    async with rigged(mysql_url) as rig:
        async with rig.db.begin() as session:
            await session.execute(FILL)
        both_have_one = asyncio.Barrier(2)
        attempts = 0

        async def swap(first: int, second: int) -> None:
            met = False

            async def work(session: AsyncSession) -> None:
                nonlocal attempts, met
                attempts += 1
                await session.execute(LOCKED, {"id": first})
                if not met:
                    met = True
                    await both_have_one.wait()
                await session.execute(LOCKED, {"id": second})

            await rig.db.run(work)

        await asyncio.gather(swap(1, 2), swap(2, 1))
        assert attempts == 3
        assert [event.granted for event in rig.of(RetryDecided)] == [True]
        rig.idle()


async def test_a_thread_that_meets_a_deadlock_tries_all_of_it_again(mysql_url: str) -> None:
    async with threaded(mysql_url) as both:
        async with both.rig.db.begin() as session:
            await session.execute(FILL)
        attempts = 0
        mine, theirs = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()

        def work(session: Session) -> None:
            nonlocal attempts
            attempts += 1
            session.execute(LOCKED, {"id": 1})
            if attempts == 1:
                loop.call_soon_threadsafe(mine.set)
                asyncio.run_coroutine_threadsafe(theirs.wait(), loop).result()
            session.execute(LOCKED, {"id": 2})

        async def other() -> None:
            async with both.rig.db.begin() as session:
                # It has changed more, so that the server lets it be and undoes the thread's.
                await session.execute(text("INSERT INTO notes VALUES (3, 'c'), (4, 'd'), (5, 'e'), (6, 'f')"))
                await session.execute(LOCKED, {"id": 2})
                await mine.wait()
                theirs.set()
                await session.execute(LOCKED, {"id": 1})

        await asyncio.gather(both.run(both.db.run, work), other())
        assert attempts == 2
        await until(lambda: both.rig.taken == 0)
