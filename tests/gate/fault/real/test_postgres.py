"""Each fault before a real Postgres, with a client that notices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import psycopg
import pytest

from holdfast.gate.fault.kinds import (
    Blackhole,
    Brownout,
    Error,
    FailFirst,
    Fault,
    HalfOpen,
    Narrow,
    Refuse,
    Reset,
    Slow,
)
from holdfast.gate.fault.proxy import Proxy
from tests.gate.fault.conftest import Run
from tests.gate.fault.real.before import before

LOST = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, ConnectionError, OSError)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[tuple[asyncpg.Connection, Proxy, str]]:
    async with before(url, "postgres") as (proxy, led):
        client = await asyncpg.connect(led, ssl=False)
        try:
            yield client, proxy, led
        finally:
            client.terminate()
            await asyncio.sleep(0)


@pytest.mark.parametrize("fault", [Reset(), Reset(after=3), Refuse(), FailFirst(1), Brownout(1.0)])
def test_a_client_notices(run: Run, postgres_url: str, fault: Fault) -> None:
    async def main() -> None:
        async with connected(postgres_url) as (client, proxy, led):
            proxy.apply(fault)
            with pytest.raises(LOST):
                await client.fetchval("select 1")
            proxy.apply(None)
            again = await asyncpg.connect(led, ssl=False)
            assert await again.fetchval("select 1") == 1
            await again.close()

    run(main())


@pytest.mark.parametrize(
    "fault", [Blackhole(), Blackhole("up"), Blackhole("down"), HalfOpen(), Slow(60), Narrow(1)]
)
def test_a_client_waits_in_vain(run: Run, postgres_url: str, fault: Fault) -> None:
    async def main() -> None:
        async with connected(postgres_url) as (client, proxy, _):
            proxy.apply(fault)
            with pytest.raises(TimeoutError):
                await client.fetchval("select 1", timeout=0.2)

    run(main())


def test_an_error_leaves_connection_and_transaction_as_the_server_would(run: Run, postgres_url: str) -> None:
    async def main() -> None:
        async with connected(postgres_url) as (client, proxy, _):
            await client.execute("create table t (n int)")
            proxy.apply(Error())
            for statement in ("select 1", "insert into t values ($1)"):
                with pytest.raises(asyncpg.OperatorInterventionError, match="injected"):
                    await client.fetch(statement, *([1] if "$1" in statement else []))
            proxy.apply(None)
            transaction = client.transaction()
            await transaction.start()
            await client.execute("insert into t values (1)")
            proxy.apply(Error())
            with pytest.raises(asyncpg.OperatorInterventionError):
                await client.execute("insert into t values (2)")
            proxy.apply(None)
            await transaction.rollback()
            assert not client.is_in_transaction()
            assert await client.fetchval("select count(*) from t") == 0  # rolled back
            assert proxy.counts.connections == 1
            assert proxy.counts.unframed == 0

    run(main())


def test_both_ways_of_asking_are_counted(run: Run, postgres_url: str) -> None:
    async def main() -> None:
        async with before(postgres_url, "postgres") as (proxy, led):
            client = await psycopg.AsyncConnection.connect(led, autocommit=True, sslmode="disable")
            began = proxy.counts.calls
            await client.execute("select 1")  # by messages of its own
            async with client.cursor() as cursor:
                for number in range(5):
                    await cursor.execute("select %s", (number,))  # by parse, bind and execute
            await client.close()
            assert (proxy.counts.calls or 0) - (began or 0) == 6
            assert proxy.counts.unframed == 0

    run(main())
