"""Each fault before a real Redis, with a client that notices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Lost
from redis.exceptions import InvalidResponse, RedisError, ResponseError
from redis.exceptions import TimeoutError as Late

from holdfast.gate.fault.kinds import (
    Blackhole,
    Brownout,
    Corrupt,
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


@asynccontextmanager
async def connected(url: str, *, patience: float = 10.0) -> AsyncIterator[tuple[Redis, Proxy]]:
    async with before(url, "redis") as (proxy, led):
        client = Redis.from_url(
            led,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=patience,
            socket_connect_timeout=patience,
            protocol=2,
        )
        async with client:
            await client.set("name", "x" * 100)
            yield client, proxy


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Reset(), Lost),
        (Reset(after=20), Lost),
        (Refuse(), Lost),
        (FailFirst(1), Lost),
        (Brownout(1.0), Lost),
        (Error(), ResponseError),
        (Corrupt(1.0), (RedisError, InvalidResponse, AssertionError)),
    ],
)
def test_a_client_notices(
    run: Run, redis_url: str, fault: Fault, error: type[Exception] | tuple[type[Exception], ...]
) -> None:
    async def main() -> None:
        async with connected(redis_url) as (client, proxy):
            proxy.apply(fault)
            with pytest.raises(error):
                assert await client.get("name") == b"x" * 100
            proxy.apply(None)
            await client.connection_pool.disconnect()
            assert await client.get("name") == b"x" * 100

    run(main())


@pytest.mark.parametrize(
    "fault", [Blackhole(), Blackhole("up"), Blackhole("down"), HalfOpen(), Slow(60), Narrow(1)]
)
def test_a_client_waits_in_vain(run: Run, redis_url: str, fault: Fault) -> None:
    async def main() -> None:
        async with connected(redis_url, patience=0.2) as (client, proxy):
            proxy.apply(fault)
            with pytest.raises(Late):
                await client.get("name")
            proxy.apply(None)
        async with connected(redis_url) as (client, _):
            assert await client.get("name") == b"x" * 100

    run(main())


def test_commands_are_counted_and_setting_up_is_not(run: Run, redis_url: str) -> None:
    async def main() -> None:
        async with connected(redis_url) as (client, proxy):
            seen = proxy.counts.calls
            async with client.pipeline(transaction=True) as pipe:
                for number in range(5):
                    pipe.incr(f"n{number}")
                assert await pipe.execute() == [1] * 5
            await asyncio.gather(*(client.get("name") for _ in range(20)))
            assert seen == 1  # SET
            assert proxy.counts.calls == 1 + 7 + 20  # MULTI, 5 x INCR, EXEC, and the GETs
            assert proxy.counts.unframed == 0

    run(main())


def test_an_error_answers_a_whole_pipeline(run: Run, redis_url: str) -> None:
    async def main() -> None:
        async with connected(redis_url) as (client, proxy):
            proxy.apply(Error())
            async with client.pipeline(transaction=False) as pipe:
                for number in range(50):
                    pipe.set(f"p{number}", "v" * 5000)
                replies = await pipe.execute(raise_on_error=False)
            assert [type(reply) for reply in replies] == [ResponseError] * 50
            proxy.apply(None)
            assert await client.get("p0") is None
            assert proxy.counts.connections == 1

    run(main())
