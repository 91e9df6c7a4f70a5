from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.errors import UsageError
from holdfast.policy.deadline.guard import within
from holdfast.policy.ratelimit import Limit, Verdict
from holdfast.policy.ratelimit.store import MemoryStore, RedisStore
from holdfast.policy.ratelimit.store.redis import LANES
from holdfast.policy.store import Pause, StoreUnavailable
from holdfast.policy.store.redis import connect
from tests.policy.ratelimit.made import Settable, ask, config, histories, limit, limits
from tests.servers.redis import RedisServer

PATIENCE = 5.0
"""Seconds: longer than this machine ever stands still, so that nothing fails that should not."""


@asynccontextmanager
async def store(url: str, **options: Any) -> AsyncIterator[RedisStore]:
    patience = options.pop("patience", PATIENCE)
    made = RedisStore(lambda: connect(url, patience=patience), patience=patience, **options)
    try:
        yield made
    finally:
        await made.aclose()


async def why(take: Awaitable[Verdict]) -> str:
    with pytest.raises(StoreUnavailable) as failure:
        await take
    return failure.value.why


async def until(condition: Callable[[], bool]) -> None:
    limit_at = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < limit_at
        await asyncio.sleep(0.01)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(limits(), min_size=1, max_size=3), histories(25))
def test_memory_and_redis_decide_alike(
    redis_url: str, shared_redis: RedisServer, chosen: list[Limit], history: list[tuple[float, float, str]]
) -> None:
    shared_redis.flush()
    clock = Settable()
    memory, wanted, other = MemoryStore(now=clock), config(*chosen), config(chosen[0], name="other")

    async def main() -> None:
        async with store(redis_url, now=clock) as redis:
            for pause, cost, caller in history:
                clock.now += pause
                asks = [ask(wanted, caller, cost)] + ([ask(other, "all")] if caller == "b" else [])
                here, there = memory.decide(asks), await redis.take(asks)
                assert there.wait == here.wait
                assert [list(levels) for levels in there.levels] == [list(levels) for levels in here.levels]

    asyncio.run(main())


@pytest.mark.anyio
async def test_its_time_is_that_of_redis(redis_url: str) -> None:
    async with store(redis_url) as redis:
        wanted = config(limit(5, 0.2))
        assert [(await redis.take([ask(wanted)])).admitted for _ in range(5)] == [True] * 5
        refused = await redis.take([ask(config(limit(5, 3600)), cost=6)])
        assert refused.wait == float("inf")
        await asyncio.sleep(0.3)
        assert (await redis.take([ask(wanted, cost=5)])).admitted


@pytest.mark.anyio
async def test_what_is_kept_expires(redis_url: str, shared_redis: RedisServer) -> None:
    async with store(redis_url) as redis:
        await redis.take([ask(config(limit(10, 1), limit(100, 60, name="y")))])
        key = "holdfast:ratelimit:orders/2:alice"
        assert shared_redis.command("STRLEN", key) == b":24\r\n"
        assert 0 < int(shared_redis.command("PTTL", key)[1:]) <= 1600
        await redis.take([ask(config(limit(1, 1e300, 1)), "years")])  # an expiry that Redis can hold
        assert int(shared_redis.command("PTTL", "holdfast:ratelimit:orders/1:years")[1:]) > 0


@pytest.mark.anyio
async def test_a_refused_call_writes_nothing(redis_url: str, shared_redis: RedisServer) -> None:
    async with store(redis_url) as redis:
        wanted = config(limit(2, 3600), limit(100, 60, name="y"))
        await redis.take([ask(wanted, cost=2)])
        before = shared_redis.command("GET", "holdfast:ratelimit:orders/2:alice")
        for _ in range(5):
            assert not (await redis.take([ask(wanted)])).admitted
        assert shared_redis.command("GET", "holdfast:ratelimit:orders/2:alice") == before


@pytest.mark.anyio
async def test_a_value_that_is_not_ours(redis_url: str, shared_redis: RedisServer) -> None:
    key = "holdfast:ratelimit:orders/1:alice"
    shared_redis.command("SET", key, "garbage")
    async with store(redis_url) as redis:
        assert (await redis.take([ask()])).admitted
        shared_redis.command("DEL", key)
        shared_redis.command("LPUSH", key, "a list")
        with pytest.raises(StoreUnavailable, match="WRONGTYPE") as failure:
            await redis.take([ask()])
        assert failure.value.why == "error"
        assert (await redis.take([ask(key="bob")])).admitted


@pytest.mark.anyio
async def test_a_restarted_redis_learns_the_script_again(redis_server: RedisServer) -> None:
    async with store(redis_server.url) as redis:
        wanted = config(limit(3, 3600))
        assert (await redis.take([ask(wanted, cost=3)])).admitted
        assert not (await redis.take([ask(wanted)])).admitted
        redis_server.restart()
        assert (await redis.take([ask(wanted, cost=3)])).admitted  # it forgot; nothing failed
        redis_server.command("SCRIPT", "FLUSH")
        many = await asyncio.gather(*[redis.take([ask(wanted)]) for _ in range(50)])
        assert not any(verdict.admitted for verdict in many)


@pytest.mark.anyio
async def test_killed_it_is_left_alone_and_found_again(redis_server: RedisServer) -> None:
    async with store(redis_server.url, pause=Pause(failures=2, seconds=0.2)) as redis:
        assert (await redis.take([ask()])).admitted
        redis_server.kill()
        assert [await why(redis.take([ask()])) for _ in range(3)] == ["connection", "connection", "paused"]
        redis_server.start()

        async def back() -> bool:
            try:
                return (await redis.take([ask()])).admitted
            except StoreUnavailable:
                return False

        limit_at = time.monotonic() + 20
        while not await back():
            assert time.monotonic() < limit_at
            await asyncio.sleep(0.02)


@pytest.mark.anyio
async def test_killed_and_started_again_while_calls_wait(redis_server: RedisServer) -> None:
    async with store(redis_server.url, pause=Pause(failures=100)) as redis:
        wanted = config(limit(1000, 3600))
        await redis.take([ask(wanted)])
        redis_server.pause()
        waiting = [asyncio.ensure_future(redis.take([ask(wanted)])) for _ in range(200)]
        await asyncio.sleep(0.05)
        redis_server.restart()
        said = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(one, (Verdict, StoreUnavailable)) for one in said)
        assert (await redis.take([ask(wanted)])).admitted
        assert not redis._waiting


@pytest.mark.anyio
async def test_a_redis_that_has_become_a_replica_is_unavailable(redis_server: RedisServer) -> None:
    async with store(redis_server.url, pause=Pause(failures=2, seconds=0.1)) as redis:
        assert (await redis.take([ask()])).admitted
        redis_server.command("REPLICAOF", "127.0.0.1", "1")
        assert [await why(redis.take([ask()])) for _ in range(3)] == ["error", "error", "paused"]
        redis_server.command("REPLICAOF", "NO", "ONE")
        await asyncio.sleep(0.2)
        assert (await redis.take([ask()])).admitted


@pytest.mark.anyio
async def test_a_hung_redis_costs_each_its_patience_and_then_nobody(redis_server: RedisServer) -> None:
    async with store(redis_server.url, patience=0.2, pause=Pause(failures=2, seconds=60)) as redis:
        await redis.take([ask()])
        redis_server.pause()
        began = time.monotonic()
        first = await asyncio.gather(*[why(redis.take([ask()])) for _ in range(200)])
        assert set(first) == {"timeout"}
        assert time.monotonic() - began < 10  # together, not one after the other
        while await why(redis.take([ask()])) != "paused":
            assert time.monotonic() - began < 20
        began = time.monotonic()
        assert {await why(redis.take([ask()])) for _ in range(1000)} == {"paused"}
        assert time.monotonic() - began < 10
        redis_server.resume()


@pytest.mark.anyio
async def test_it_never_waits_beyond_the_deadline(redis_server: RedisServer) -> None:
    async with store(redis_server.url, patience=60.0) as redis:
        await redis.take([ask()])
        redis_server.pause()
        began = time.monotonic()
        with pytest.raises(Exception, match=r"timeout|deadline"):
            async with within(0.2):
                await redis.take([ask()])
        assert time.monotonic() - began < 30
        redis_server.resume()


@pytest.mark.anyio
async def test_who_left_before_his_call_was_sent_is_not_charged(redis_server: RedisServer) -> None:
    async with store(redis_server.url, now=Settable()) as redis:
        wanted = config(limit(1000, 3600))
        await redis.take([ask(wanted)])
        redis_server.pause()
        # All lanes are busy with one call each; the others wait in the queue and leave.
        sent = [asyncio.ensure_future(redis.take([ask(wanted)])) for _ in range(LANES)]
        for _ in range(20):
            await asyncio.sleep(0)
        left = [asyncio.ensure_future(redis.take([ask(wanted)])) for _ in range(100)]
        await asyncio.sleep(0)
        for task in left:
            task.cancel()
        await asyncio.wait(left)
        redis_server.resume()
        levels = [verdict.levels[0][0] for verdict in await asyncio.gather(*sent)]
        assert max(levels) == 1 + LANES


@pytest.mark.anyio
async def test_random_cancellation_loses_no_connection_and_no_answer(redis_server: RedisServer) -> None:
    chance = random.Random(7)
    async with store(redis_server.url) as redis:
        wanted, done = config(limit(1e9, 1)), 0

        async def call(delay: float) -> None:
            nonlocal done
            task = asyncio.ensure_future(redis.take([ask(wanted, str(chance.randrange(9)))]))
            await asyncio.sleep(delay)
            task.cancel()
            try:
                verdict = await task
            except asyncio.CancelledError:
                return
            assert verdict.admitted
            done += 1

        for _ in range(40):
            await asyncio.gather(*[call(chance.random() * 0.003) for _ in range(50)])
        await until(lambda: not redis._lanes)
        assert done > 0
        assert redis_server.clients() <= LANES
        pool: Any = redis._redis.connection_pool  # type: ignore[union-attr]
        assert len(pool._in_use_connections) == len(redis._idle) <= LANES
        assert (await redis.take([ask(wanted)])).admitted
    await until(lambda: redis_server.clients() == 0)


@pytest.mark.anyio
async def test_closing_tells_those_who_wait(redis_server: RedisServer) -> None:
    async with store(redis_server.url, patience=0.5) as redis:
        await redis.take([ask()])
        redis_server.pause()
        waiting = [asyncio.ensure_future(redis.take([ask()])) for _ in range(10)]
        await asyncio.sleep(0.01)
        await redis.aclose()
        said = {await why(task) for task in waiting}
        assert said <= {"timeout", "closed"}
        redis_server.resume()


ANOTHER = """
import asyncio, sys
from holdfast.policy.ratelimit import Ask, Limit, RateLimitConfig
from holdfast.policy.ratelimit.store import RedisStore
from holdfast.policy.store.redis import connect

async def main():
    store = RedisStore(lambda: connect(sys.argv[1], patience=5.0), patience=5.0)
    wanted = RateLimitConfig("orders", (Limit("orders", 100, 1.0, 50),))
    began, admitted = asyncio.get_running_loop().time(), 0
    print("ready", flush=True)
    sys.stdin.readline()
    async def client():
        nonlocal admitted
        while asyncio.get_running_loop().time() - began < 2.0:
            verdict = await store.take([Ask(wanted, "alice")])
            admitted += verdict.admitted
            await asyncio.sleep(0.001)
    began = asyncio.get_running_loop().time()
    await asyncio.gather(*[client() for _ in range(5)])
    print(admitted)
    await store.aclose()

asyncio.run(main())
"""


def test_two_processes_never_exceed_a_limit_together(redis_url: str, shared_redis: RedisServer) -> None:
    command = [sys.executable, "-c", ANOTHER, redis_url]
    others = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    try:
        for other in others:
            assert other.stdout is not None
            assert other.stdout.readline() == "ready\n"
        began = time.monotonic()
        for other in others:
            assert other.stdin is not None
            other.stdin.write("\n")
            other.stdin.flush()
        counts = [int(other.communicate(timeout=60)[0]) for other in others]
        took = time.monotonic() - began
    finally:
        for other in others:
            other.kill()
            other.wait()
    # No lower bound beyond the burst: how fast they ask is the machine's affair.
    assert 50 <= sum(counts) <= 50 + 100 * took + 1
    assert min(counts) > 0


@pytest.mark.parametrize("url", ["http://localhost", "redis", "", "redis://localhost:port/0"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(UsageError, match="expected an address") as mistake:
        connect(url, patience=1.0, place="CACHE_URL")
    assert mistake.value.place == "CACHE_URL"
