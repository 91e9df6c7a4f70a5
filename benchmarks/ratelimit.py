"""Time per decision of a rate limit, in memory and in Redis: holdfast, limits, slowapi and fastapi-limiter.

All decide "may this caller make one more of a million calls a minute" for a hundred callers in turn, and
admit. holdfast is asked through its guard, as a request is; limits through its asyncio strategies; slowapi
through the strategy that it decides with, which is that of limits' blocking half and stands in the event loop
while Redis answers; fastapi-limiter through its pyrate-limiter. Contenders take turns. In Redis each decision
is measured one at a time (the wait of one request) and 64 at a time (what a busy worker pays, as CPU of its
process).
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.report import check, exit_code, figures, machine, missing, program, table

CALLS, PERIOD = 1_000_000, 60
CALLERS = [f"203.0.113.{number}" for number in range(100)]
AT_A_TIME = 64

Decide = Callable[[str], Awaitable[bool]]
"""May this caller call?"""


@asynccontextmanager
async def holdfast(url: str | None) -> AsyncIterator[Decide]:
    """GCRA, one limit."""
    from holdfast.events import Bus
    from holdfast.policy.ratelimit import Ask, Limit, RateLimitConfig, RateLimitGuard, Store
    from holdfast.policy.ratelimit.store import MemoryStore, RedisStore
    from holdfast.policy.store.redis import connect

    config = RateLimitConfig("benchmark", (Limit("benchmark", CALLS, PERIOD, CALLS),))
    store: Store = MemoryStore()
    if url is not None:
        store = RedisStore(lambda: connect(url, patience=5.0), patience=5.0)
    guard = RateLimitGuard("store", store, bus=Bus())

    async def decide(caller: str) -> bool:
        verdict = await guard.check((Ask(config, caller),))
        return verdict is not None and verdict.admitted

    yield decide
    await guard.aclose()


@asynccontextmanager
async def limits(url: str | None, strategy: str) -> AsyncIterator[Decide]:
    """The asyncio half of limits, with redis-py in place of its default, coredis."""
    from limits import RateLimitItemPerMinute
    from limits.aio import storage, strategies

    made: Any = storage.MemoryStorage()
    if url is not None:
        made = storage.RedisStorage(f"async+{url}", implementation="redispy")
    limiter: Any = getattr(strategies, strategy)(made)
    item = RateLimitItemPerMinute(CALLS)

    async def decide(caller: str) -> bool:
        return bool(await limiter.hit(item, strategy, caller))

    yield decide
    if url is not None:
        await made.bridge.storage.aclose()


@asynccontextmanager
async def slowapi(url: str | None) -> AsyncIterator[Decide]:
    """What slowapi calls for each request."""
    from limits import RateLimitItemPerMinute
    from slowapi import Limiter
    from slowapi.util import get_remote_address

    limiter = Limiter(key_func=get_remote_address, storage_uri=url or "memory://").limiter
    item = RateLimitItemPerMinute(CALLS)

    async def decide(caller: str) -> bool:
        return bool(limiter.hit(item, "slowapi", caller))

    yield decide


@asynccontextmanager
async def fastapi_limiter(url: str | None) -> AsyncIterator[Decide]:
    """What fastapi-limiter calls for each request."""
    from pyrate_limiter import Limiter, Rate, RedisBucket
    from redis.asyncio import Redis

    rates, client = [Rate(CALLS, PERIOD * 1000)], None
    limiter = Limiter(rates[0])
    if url is not None:
        client = Redis.from_url(url)
        bucket: Any = await RedisBucket.init(rates, client, "fastapi-limiter")
        limiter = Limiter(bucket)

    async def decide(caller: str) -> bool:
        return bool(await limiter.try_acquire_async(caller, blocking=False))

    yield decide
    if client is not None:
        await client.aclose()


CONTENDERS: dict[str, Callable[[str | None], Any]] = {
    "holdfast": holdfast,
    "limits, moving window": lambda url: limits(url, "MovingWindowRateLimiter"),
    "limits, fixed window": lambda url: limits(url, "FixedWindowRateLimiter"),
    "slowapi": slowapi,
    "fastapi-limiter": fastapi_limiter,
}


async def one_at_a_time(decide: Decide, count: int) -> float:
    """Return the microseconds that a decision takes, alone."""
    callers = list(itertools.islice(itertools.cycle(CALLERS), count))
    began = time.perf_counter()
    for caller in callers:
        if not await decide(caller):
            raise SystemExit("a call was refused")
    return (time.perf_counter() - began) / count * 1e6


async def together(decide: Decide, count: int) -> float:
    """Return the microseconds of this process's CPU that a decision takes, of many at a time."""

    async def client(number: int) -> None:
        for turn in range(count // AT_A_TIME):
            if not await decide(CALLERS[(number + turn) % len(CALLERS)]):
                raise SystemExit("a call was refused")

    began = time.process_time()
    await asyncio.gather(*[client(number) for number in range(AT_A_TIME)])
    return (time.process_time() - began) / (count // AT_A_TIME * AT_A_TIME) * 1e6


@contextmanager
def redis_server(binary: str) -> Iterator[str]:
    """Run a Redis of our own; yield its address."""
    from holdfast.gate.launch.port import free

    folder, port = tempfile.mkdtemp(prefix="holdfast-benchmark-"), free()
    command = [binary, "--port", str(port), "--save", "", "--bind", "127.0.0.1", "--dir", folder]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        time.sleep(1)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.kill()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


async def measured(
    name: str, url: str | None, count: int, how: Callable[[Decide, int], Awaitable[float]]
) -> float:
    """Return one round of one contender."""
    async with CONTENDERS[name](url) as decide:
        await how(decide, max(AT_A_TIME, count // 10))
        return await how(decide, count)


def rounds(
    number: int, url: str | None, count: int, how: Callable[[Decide, int], Awaitable[float]]
) -> dict[str, float]:
    """Return the median of each contender."""
    found: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    for _ in range(number):
        for name, micros in found.items():
            micros.append(asyncio.run(measured(name, url, count, how)))
    return {name: statistics.median(micros) for name, micros in found.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ratelimit", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="within a minute, less certain")
    quick = parser.parse_args(arguments).quick
    missing("limits", "slowapi", "fastapi_limiter", "redis")
    turns, count = (3, 2000) if quick else (9, 5000)
    memory = rounds(turns, None, count, one_at_a_time)
    alone: dict[str, float] = {}
    busy: dict[str, float] = {}
    binary = program("redis-server", hint="apt install redis-server")
    if binary is not None:
        with redis_server(binary) as url:
            alone = rounds(turns, url, count // 2, one_at_a_time)
            busy = rounds(turns, url, count, together)
    machine()
    headings = ("us a decision", "memory", "Redis, alone", f"Redis, {AT_A_TIME} at a time (CPU)")
    table(headings, [(name, memory[name], alone.get(name), busy.get(name)) for name in CONTENDERS])
    own = next(iter(CONTENDERS))

    def best(of: dict[str, float]) -> float | None:
        return min((micros for name, micros in of.items() if name != own), default=None)

    checks = [
        check("in memory at most the fastest peer", memory[own], "<=", best(memory)),
        check("64 at a time at most the fastest peer", busy.get(own), "<=", best(busy)),
    ]
    told = {"": memory, "redis_": alone, "redis_busy_": busy}
    words = ("", "limits_moving_", "limits_fixed_", "slowapi_", "fastapi_limiter_")
    figures(
        **{
            f"{word}{kind}us" if kind else f"{word}memory_us": found.get(name)
            for kind, found in told.items()
            for word, name in zip(words, CONTENDERS, strict=True)
        }
    )
    return exit_code(checks)


if __name__ == "__main__":
    sys.exit(main())
