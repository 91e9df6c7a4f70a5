"""Threads and coroutines at one pool: as many connections as was derived, whoever takes them."""

from __future__ import annotations

import asyncio
import random
import threading
from typing import Any

import pytest
from sqlalchemy import text

from holdfast.client.sql import blocking_database
from holdfast.client.threads import Home
from holdfast.errors import BreakerOpen, CallFailed, DeadlineExceeded, UsageError
from holdfast.events import CallEnded, ConnectionWaited, DataAccessSeen
from holdfast.policy import deadline
from tests.client.sql.blocking.threads import INSERT, threaded
from tests.client.sql.rig import SECTION, Rig, until

pytestmark = pytest.mark.anyio


async def test_both_have_as_many_connections_as_was_derived(url: str) -> None:
    async with threaded(url, pool=2) as both:
        most = 0
        counting = threading.Lock()
        inside = 0

        def one(number: int) -> None:
            nonlocal inside, most
            with both.db.begin() as session:
                session.execute(INSERT, {"id": number})
                with counting:
                    inside += 1
                    most = max(most, inside)
                with counting:
                    inside -= 1

        async def other() -> None:
            async with both.rig.db.begin() as session:
                await session.execute(text("SELECT 1"))
                assert both.rig.taken <= 2

        works = [both.run(one, n) if n % 2 else other() for n in range(24)]
        await asyncio.gather(*works)
        assert most <= 2
        assert await both.run(both.count) == 12
        await until(lambda: both.rig.taken == 0)
        assert both.open <= 2
        assert {call.outcome for call in both.rig.of(CallEnded)} == {"ok"}
        assert all(wait.granted for wait in both.rig.of(ConnectionWaited))
        both.rig.idle()


async def test_what_the_one_keeps_open_makes_room_for_the_other(postgres_url: str) -> None:
    async with threaded(postgres_url, pool=2) as both:

        async def coroutine() -> None:
            async with both.rig.db.begin() as session:
                await session.execute(text("SELECT pg_sleep(0.01)"))

        def thread() -> None:
            with both.db.begin() as session:
                session.execute(text("SELECT pg_sleep(0.01)"))

        for _ in range(3):
            await asyncio.gather(coroutine(), coroutine())
            assert both.open <= 2
            await asyncio.gather(both.run(thread), both.run(thread))
            await until(lambda: both.rig.taken == 0)
            assert both.open <= 2


async def test_the_wait_for_a_connection_ends_with_the_deadline(url: str) -> None:
    async with threaded(url, pool=1) as both, both.rig.db.begin() as holder:
        await holder.execute(text("SELECT 1"))
        token = deadline.tighten(asyncio.get_running_loop().time() + 0.05)
        try:
            with pytest.raises(DeadlineExceeded):
                await both.run(both.count)
        finally:
            deadline.restore(token)
        assert not any(wait.granted for wait in both.rig.of(ConnectionWaited))
        assert both.rig.taken == 1
        await holder.rollback()
        await until(lambda: both.rig.taken == 0)


async def test_a_database_that_is_gone_opens_the_breaker_of_both() -> None:
    breaker = {"window": "10s", "failures": "50%", "open": "5s", "minimum": 3}
    nowhere = "postgresql://holdfast@127.0.0.1:1/none"
    section: dict[str, Any] = {"breaker": breaker, "retry": {}}
    rig = Rig(nowhere, section=section)
    home = Home()
    home.begin()
    from tests.client.sql.blocking.threads import Threads

    both = Threads(rig, home, section)
    for _ in range(3):
        with pytest.raises(CallFailed) as failed:
            await both.run(both.count)
        assert (failed.value.dependency, failed.value.cause) == ("db", "connect")
    with pytest.raises(BreakerOpen):
        await both.run(both.count)
    with pytest.raises(BreakerOpen):
        async with rig.db.begin() as session:
            await session.execute(text("SELECT 1"))
    await until(lambda: rig.taken == 0)
    await both.db.aclose()
    await rig.db.aclose()
    home.end()


async def test_a_bulkhead_counts_both_and_gets_its_permits_back(url: str) -> None:
    async with threaded(url, pool=2, section={"bulkhead": 2}) as both:
        for _ in range(3):
            assert await both.run(both.count) == 0
        both.rig.idle()


async def test_on_the_loop_it_is_refused(sqlite_url: str) -> None:
    async with threaded(sqlite_url) as both:
        with pytest.raises(UsageError, match="a blocking call on the event loop"):
            both.count()
        both.rig.idle()


def test_without_a_loop_it_has_one_of_its_own(sqlite_url: str) -> None:
    from holdfast.budget.model import Dependency

    home = Home()
    db = blocking_database(
        "db",
        Dependency.model_validate(SECTION | {"kind": "sqlite"}),
        home=home,
        pool=1,
        environ={"DATABASE_URL": sqlite_url},
    )
    with db.begin() as session:
        session.execute(text("CREATE TABLE notes (id INTEGER PRIMARY KEY)"))
    with db.begin() as session:
        assert session.execute(text("SELECT count(*) FROM notes")).scalar_one() == 0
    db.engine.dispose()
    home.close()


@pytest.mark.parametrize("seed", range(2))
async def test_random_ends_leak_nothing_and_commit_no_half(url: str, seed: int) -> None:
    dice = random.Random(seed)
    async with threaded(url, pool=2, section={"bulkhead": 200}) as both:

        def pair(number: int, fails: bool) -> None:
            with both.db.begin() as session:
                session.execute(INSERT, {"id": 2 * number})
                if fails:
                    raise KeyError
                session.execute(INSERT, {"id": 2 * number + 1})

        async def thread(number: int) -> None:
            limit = dice.choice([None, None, 0.003, 0.02])
            token = deadline.tighten(None if limit is None else asyncio.get_running_loop().time() + limit)
            try:
                await both.run(pair, number, dice.random() < 0.2)
            except (DeadlineExceeded, CallFailed, KeyError):
                pass
            finally:
                deadline.restore(token)

        async def coroutine(number: int) -> None:
            async with both.rig.db.begin() as session:
                await session.execute(INSERT, {"id": 2 * number})
                await session.execute(INSERT, {"id": 2 * number + 1})

        tasks: list[asyncio.Task[None]] = []
        for number in range(50):
            work = thread(number) if dice.random() < 0.7 else coroutine(number)
            tasks.append(asyncio.create_task(work))
            await asyncio.sleep(dice.choice([0, 0, 0.001, 0.004]))
            if dice.random() < 0.4:
                dice.choice(tasks[-6:]).cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(r is None or isinstance(r, asyncio.CancelledError) for r in ended), ended
        await until(lambda: both.rig.taken == 0)
        await until(lambda: not both.rig.db.lanes.current().checkout.held)
        both.rig.idle()
        async with both.rig.db.begin() as session:
            found = {row[0] for row in await session.execute(text("SELECT id FROM notes"))}
        assert {i for i in found if i % 2 == 0} == {i - 1 for i in found if i % 2}


async def test_a_call_of_a_thread_within_its_transaction_is_told_with_its_line(sqlite_url: str) -> None:
    async with threaded(sqlite_url) as both:
        home = both.db._home

        async def outside(thread: Any) -> None:
            now = asyncio.get_running_loop().time()
            both.rig.bus.emit(CallEnded(now, "payments", "ok", 1, False, 0.0))

        def charge() -> None:
            with both.db.begin() as session:
                session.execute(text("SELECT 1"))
                home.call(outside)

        await both.run(charge)
        (event,) = both.rig.of(DataAccessSeen)
        assert (event.kind, "payments" in event.detail) == ("outside call", True)
