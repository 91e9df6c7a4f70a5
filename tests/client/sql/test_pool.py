"""The pool: as many connections as was derived, a wait that ends, and nothing held afterwards."""

from __future__ import annotations

import asyncio
import time

import pytest
from sqlalchemy import text

from holdfast.errors import BreakerOpen, BulkheadFull, CallFailed, DeadlineExceeded
from holdfast.events import CallEnded, ConnectionWaited
from holdfast.policy import deadline
from tests.client.sql.rig import Rig, rigged, until

pytestmark = pytest.mark.anyio

NOWHERE = "postgresql://holdfast@127.0.0.1:1/none"


async def test_it_has_as_many_connections_as_was_derived(url: str) -> None:
    async with rigged(url, pool=2) as rig:
        most = 0

        async def one() -> None:
            nonlocal most
            async with rig.db.begin() as session:
                await session.execute(text("SELECT 1"))
                most = max(most, rig.taken)
                await asyncio.sleep(0.005)

        await asyncio.gather(*(one() for _ in range(12)))
        assert most == 2
        assert rig.db.engine.sync_engine.pool.checkedin() <= 2  # type: ignore[attr-defined]
        waits = rig.of(ConnectionWaited)
        assert waits
        assert all(wait.granted and wait.duration > 0 for wait in waits)
        assert [call.outcome for call in rig.of(CallEnded)] == ["ok"] * 12
        rig.idle()


async def test_the_wait_for_a_connection_ends_with_the_deadline(url: str) -> None:
    async with rigged(url, pool=1) as rig, rig.db.begin() as holder:
        await holder.execute(text("SELECT 1"))
        with pytest.raises(DeadlineExceeded):
            async with deadline.within(0.05), rig.db.begin() as session:
                await session.execute(text("SELECT 1"))
        assert rig.taken == 1
        assert [(e.outcome, e.attempts) for e in rig.of(CallEnded)][-1] == ("deadline", 1)
        assert [wait.granted for wait in rig.of(ConnectionWaited)] == [False]
        await holder.rollback()
        rig.idle()


async def test_without_a_number_the_pool_is_as_sqlalchemy_has_it(url: str) -> None:
    async with rigged(url, pool=None) as rig:
        pool = rig.db.engine.sync_engine.pool
        assert (pool.size(), pool._max_overflow, pool.timeout()) == (5, 10, 30.0)  # type: ignore[attr-defined]
        assert {"pool", "bulkhead"} <= set(rig.db.config.missing)
        rig.idle()
    async with rigged(url, pool=1) as rig:  # which bounds the calls as well
        assert not {"pool", "bulkhead"} & set(rig.db.config.missing)


async def test_a_bulkhead_refuses_at_once_and_gives_its_permits_back(url: str) -> None:
    async with rigged(url, pool=1, section={"bulkhead": 2}) as rig:

        async def one() -> None:
            async with rig.db.begin() as session:
                await session.execute(text("SELECT 1"))

        async with rig.db.begin() as holder:
            await holder.execute(text("SELECT 1"))
            waiting = asyncio.create_task(one())
            await until(lambda: rig.db.lanes.current().checkout.places.waiting)  # type: ignore[union-attr]
            with pytest.raises(BulkheadFull):
                await one()
        await waiting
        await one()
        rig.idle()


async def test_a_database_in_memory_is_one_connection() -> None:
    async with rigged("sqlite://", pool=7) as rig:
        async with rig.db.begin() as session:
            await session.execute(text("INSERT INTO notes VALUES (1, 'a')"))
        async with rig.db.begin() as session:
            assert (await session.execute(text("SELECT body FROM notes"))).scalar_one() == "a"
        rig.idle()


async def test_a_database_that_is_gone_opens_the_breaker() -> None:
    breaker = {"window": "10s", "failures": "50%", "open": "5s", "minimum": 3}
    rig = Rig(NOWHERE, section={"breaker": breaker, "retry": {}})
    for _ in range(3):
        with pytest.raises(CallFailed) as failed:
            async with rig.db.begin() as session:
                await session.execute(text("SELECT 1"))
        assert (failed.value.dependency, failed.value.cause) == ("db", "connect")
    with pytest.raises(BreakerOpen):
        async with rig.db.begin() as session:
            await session.execute(text("SELECT 1"))
    rig.idle()
    await rig.db.aclose()


async def test_who_stands_in_line_while_the_breaker_opens_is_refused(url: str) -> None:
    async with rigged(
        url, pool=1, section={"breaker": {"window": "10s", "failures": "50%", "open": "5s"}}
    ) as rig:

        async def one() -> None:
            async with rig.db.begin() as session:
                await session.execute(text("SELECT 1"))

        breaker = rig.db.lanes.current().checkout.pipeline.breaker
        assert breaker is not None
        async with rig.db.begin() as holder:
            await holder.execute(text("SELECT 1"))
            waiting = [asyncio.create_task(one()) for _ in range(2)]
            await until(lambda: rig.db.lanes.current().checkout.places.waiting == 2)  # type: ignore[union-attr]
            breaker.open()
        for task in waiting:
            with pytest.raises(BreakerOpen):
                await task
        breaker.close()
        await one()
        rig.idle()


async def test_a_stale_connection_is_replaced_before_it_is_used(postgres_url: str) -> None:
    async with rigged(postgres_url, pool=1) as rig, rigged(postgres_url, pool=1) as other:
        async with rig.db.begin() as session:
            pid = (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        async with other.db.begin() as session:
            await session.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        async with rig.db.begin() as session:
            assert (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one() != pid
        rig.idle()


async def test_the_server_is_told_how_long_a_statement_may_take(postgres_url: str) -> None:
    async with rigged(postgres_url, section={"timeout": {"total": "200ms"}}) as rig:
        async with rig.db.begin() as session:
            assert (await session.execute(text("SHOW statement_timeout"))).scalar_one() == "200ms"
        with pytest.raises(CallFailed) as failed:
            async with rig.db.begin() as session:
                await session.execute(text("SELECT pg_sleep(30)"))
        assert failed.value.cause == "timeout"
        await until(lambda: _none_runs(rig))
        rig.idle()


@pytest.mark.parametrize("how", ["deadline", "cancelled"])
async def test_a_statement_that_nobody_waits_for_is_cancelled_at_the_server(
    postgres_url: str, how: str
) -> None:
    async with rigged(postgres_url) as rig:

        async def late() -> None:
            until = time.monotonic() + 0.1 if how == "deadline" else None
            async with deadline.until(until), rig.db.begin() as session:
                await session.execute(text("SELECT pg_sleep(60)"))

        task = asyncio.create_task(late())
        if how == "cancelled":
            await until(lambda: _runs(rig))
            task.cancel()
        with pytest.raises(DeadlineExceeded if how == "deadline" else asyncio.CancelledError):
            await task
        await until(lambda: _none_runs(rig))
        rig.idle()


async def test_through_pgbouncer_no_statement_keeps_a_name(postgres_url: str) -> None:
    async with rigged(postgres_url, section={"sql": {"pgbouncer": True}}) as rig, rig.db.begin() as session:
        for _ in range(3):
            await session.execute(text("SELECT 1 + :n"), {"n": 1})
        kept = await session.execute(text("SELECT count(*) FROM pg_prepared_statements WHERE name <> ''"))
        assert kept.scalar_one() == 0
        assert (await session.execute(text("SHOW statement_timeout"))).scalar_one() == "0"


async def test_closing_closes_what_is_still_out_when_it_comes_back(postgres_url: str) -> None:
    async with rigged(postgres_url) as rig, rigged(postgres_url) as other:
        async with rig.db.begin() as session:
            pid = (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one()
            checkout = rig.db.lanes.current().checkout
            await rig.db.aclose()
        assert not checkout.held
        await until(lambda: _gone(other, pid))


async def _runs(rig: Rig) -> bool:
    async with rig.db.begin() as session:
        query = (
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"
        )
        return bool((await session.execute(text(query))).scalar_one())


async def _none_runs(rig: Rig) -> bool:
    return not await _runs(rig)


async def _gone(rig: Rig, pid: int) -> bool:
    async with rig.db.begin() as session:
        found = await session.execute(
            text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid"), {"pid": pid}
        )
        return not found.scalar_one()
