"""Time per hit of a cache, in memory and in Redis, and how often 1,000 callers compute: holdfast and peers.

A hit is a call of a decorated `async def product(product_id: int) -> Product` that has been called with this
argument before: the key is derived from the arguments each time. cashews and aiocache are called so too.
In Redis the memory tier is emptied before each call, and what it is compared with is the GET of redis-py of a
value of the same size; contenders take turns. Counted is what 1,000 callers in four processes compute, and
once more where the caller that leads is cancelled. The hit ratio is that of S3-FIFO against LRU of as many
entries, over traces that are generated here: Zipf, Zipf with scans, a loop.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import logging
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pydantic import BaseModel

from benchmarks.process import python
from benchmarks.ratelimit import redis_server
from benchmarks.report import check, exit_code, figures, machine, missing, program, table

KEYS = 100
PROCESSES, CALLERS = 4, 250
TEXT = "A holdfast is what keeps kelp on the rock in surf. " * 4

Call = Callable[[int], Awaitable[Any]]


class Product(BaseModel):
    """What is kept: a few hundred bytes, as a row of a shop has."""

    id: int
    name: str
    text: str = TEXT


def computed(product_id: int) -> Product:
    """Return the value."""
    return Product(id=product_id, name=f"product {product_id}")


BUDGET = """
[service]
name = "benchmark"
[dependency.redis]
kind = "redis"
url_env = "HOLDFAST_BENCHMARK_REDIS"
[cache.product]
ttl = "1h"
bytes = "64MiB"
wait = "5s"
"""


@asynccontextmanager
async def holdfast(url: str | None) -> AsyncIterator[Call]:
    """The decorator, as on a route; with `url` the memory tier is emptied before each call."""
    import os

    from fastapi import FastAPI

    from holdfast import Holdfast
    from holdfast.service.cache.home import Home

    logging.getLogger("holdfast").setLevel(logging.CRITICAL)
    os.environ["HOLDFAST_BENCHMARK_REDIS"] = url or "redis://127.0.0.1"
    with tempfile.TemporaryDirectory() as folder:
        budget = Path(folder) / "holdfast.toml"
        budget.write_text(BUDGET + ('store = "redis"\n' if url else ""), encoding="utf-8")
        hold = Holdfast(FastAPI(), budget=budget)

    @hold.cached("product")
    async def product(product_id: int) -> Product:
        return computed(product_id)

    home: Home = product.cache._home
    guard = home.here()
    assert guard is not None

    async def second_tier(product_id: int) -> Any:
        guard.memory.clear()
        return await product(product_id=product_id)

    async def first_tier(product_id: int) -> Any:
        return await product(product_id=product_id)

    yield first_tier if url is None else second_tier
    await hold.stop()
    await guard.aclose()


@asynccontextmanager
async def cashews(url: str | None) -> AsyncIterator[Call]:
    """Its decorator with a time to live and its default key."""
    from cashews import Cache

    cache = Cache()
    cache.setup(url or "mem://", **({"client_side": False} if url else {}))

    async def compute(product_id: int) -> Product:
        return computed(product_id)

    decorator: Any = cache(ttl="1h", key="product:{product_id}")
    product = decorator(compute)

    async def call(product_id: int) -> Any:
        return await product(product_id=product_id)

    yield call
    await cache.close()


@asynccontextmanager
async def aiocache(url: str | None) -> AsyncIterator[Call]:
    """Its decorator; in Redis with its pickle, as it has no typed JSON."""
    import aiocache as library
    from aiocache.serializers import NullSerializer, PickleSerializer

    options: dict[str, Any] = {"cache": library.SimpleMemoryCache, "serializer": NullSerializer()}
    if url is not None:
        port = int(url.rpartition(":")[2].partition("/")[0])
        options = {"cache": library.RedisCache, "serializer": PickleSerializer(), "port": port}

    async def compute(product_id: int) -> Product:
        return computed(product_id)

    decorator: Any = library.cached(ttl=3600, **options)
    product = decorator(compute)

    async def call(product_id: int) -> Any:
        return await product(product_id=product_id)

    yield call
    if url is not None:
        await product.cache.close()


@asynccontextmanager
async def raw(url: str | None) -> AsyncIterator[Call]:
    """redis-py's own GET; in memory a dict, which is what nothing can be below."""
    if url is None:
        values = {number: computed(number) for number in range(KEYS)}

        async def look(product_id: int) -> Any:
            return values[product_id]

        yield look
        return
    from redis.asyncio import Redis

    client = Redis.from_url(url)
    for number in range(KEYS):
        await client.set(f"raw:{number}", computed(number).model_dump_json())

    async def get(product_id: int) -> Any:
        return await client.get(f"raw:{product_id}")

    yield get
    await client.aclose()


CONTENDERS: dict[str, Callable[[str | None], Any]] = {
    "holdfast": holdfast,
    "raw (a dict, a GET)": raw,
    "cashews": cashews,
    "aiocache": aiocache,
}


async def measured(names: Sequence[str], url: str | None, turns: int, count: int) -> dict[str, float]:
    """Return the microseconds a hit of each: the median over rounds in which they take turns."""
    found: dict[str, list[float]] = {name: [] for name in names}
    async with contextlib.AsyncExitStack() as stack:
        calls = {name: await stack.enter_async_context(CONTENDERS[name](url)) for name in names}
        for call in calls.values():
            for number in range(KEYS):
                await call(number)
        numbers = list(itertools.islice(itertools.cycle(range(KEYS)), count))
        for _ in range(turns):
            for name, call in calls.items():
                began = time.perf_counter()
                for number in numbers:
                    await call(number)
                found[name].append((time.perf_counter() - began) / count * 1e6)
    return {name: statistics.median(micros) for name, micros in found.items()}


async def together(url: str, *, cancel: bool) -> int:
    """Ask as many callers at once; return how often it was computed here. One process of several."""
    from holdfast.events import Bus
    from holdfast.policy.cache import CacheConfig, CacheGuard, Codec, Source
    from holdfast.policy.cache.store import RedisStore
    from holdfast.policy.store.redis import connect

    store = RedisStore(lambda: connect(url, patience=10.0), "benchmark", lease=30.0, patience=10.0)
    guard = CacheGuard(CacheConfig("benchmark", ttl=60.0, limit=1 << 20, lease=30.0), bus=Bus(), shared=store)
    source: Source[int] = Source(Codec(int))
    began, leading = 0, asyncio.Event()

    async def compute() -> int:
        nonlocal began
        began += 1
        leading.set()
        await asyncio.sleep(1.0)
        return 7

    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    key = "cancelled" if cancel else "plain"
    callers = [asyncio.ensure_future(guard.obtain(key, source, compute, lent=cancel)) for _ in range(CALLERS)]
    all_of_them = asyncio.gather(*callers, return_exceptions=True)
    left: Sequence[asyncio.Future[Any]] = ()
    if cancel:
        led = asyncio.ensure_future(leading.wait())
        await asyncio.wait((led, all_of_them), return_when=asyncio.FIRST_COMPLETED)
        if led.done() and await first_of_all(url):
            left = callers[:1]  # who leads
            callers[0].cancel()
        led.cancel()
    answers = await all_of_them
    if any(answer != 7 for answer in answers[len(left) :]):
        raise SystemExit("somebody failed")
    await guard.aclose()
    return began


async def first_of_all(url: str) -> bool:
    """Whether this is the first process to ask: one leader is cancelled, not those that follow."""
    from redis.asyncio import Redis

    async with Redis.from_url(url) as client:
        return bool(await client.set("a leader is cancelled", 1, nx=True))


def over_processes(url: str, *, cancel: bool) -> int:
    """Return how often 1,000 callers in four processes computed."""
    command = python("benchmarks.cache", "--child", url, *(["--cancel"] if cancel else []))
    root = Path(__file__).resolve().parents[1]
    children = [
        subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    try:
        for child in children:
            assert child.stdout is not None
            if child.stdout.readline() != "ready\n":
                raise SystemExit("a process did not start")
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        outputs = [child.communicate(timeout=120)[0] for child in children]
        if any(child.returncode for child in children):
            raise SystemExit("a process failed")
        return sum(map(int, outputs))
    finally:
        for child in children:
            child.kill()
            child.wait()


def zipf(count: int, seed: int = 1) -> list[int]:
    """Popularity as rank to the power of -0.9, over 20,000 keys."""
    weights = [1 / rank**0.9 for rank in range(1, 20_001)]
    return random.Random(seed).choices(range(len(weights)), weights, k=count)


def scans(trace: list[int]) -> Iterator[int]:
    """The same with a scan of 2,000 keys that nobody asks for again after every 2,000 requests."""
    fresh = 1_000_000
    for at, number in enumerate(trace):
        yield number
        if at % 2000 == 0:
            yield from range(fresh, fresh + 2000)
            fresh += 2000


def s3_fifo(trace: Sequence[int], entries: int) -> float:
    """Return the share of hits, in the bytes of so many entries; what is remembered of keys counts too."""
    from holdfast.policy.cache.core import Entry
    from holdfast.policy.cache.eviction import MOST_HITS, S3Fifo

    size = 4000
    queues, hits = S3Fifo(entries * size), 0
    for number in trace:
        found = queues.entries.get(f"k{number}")
        if found is None:
            queues.add(Entry(f"k{number}", None, expires=1.0, gone=1.0, size=size))
        else:
            hits += 1
            found.hits = min(MOST_HITS, found.hits + 1)
    return hits / len(trace)


def lru(trace: Sequence[int], entries: int) -> float:
    """Return the share of hits of the usual policy."""
    kept: OrderedDict[int, None] = OrderedDict()
    hits = 0
    for number in trace:
        if number in kept:
            hits += 1
            kept.move_to_end(number)
        else:
            kept[number] = None
            if len(kept) > entries:
                kept.popitem(last=False)
    return hits / len(trace)


def ratios(count: int) -> dict[str, tuple[float, float]]:
    """Return the hit ratios of S3-FIFO and LRU for each trace."""
    plain = zipf(count)
    traces: dict[str, tuple[list[int], int]] = {
        "Zipf": (plain, 1000),
        "Zipf with scans": (list(scans(plain)), 1000),
        "loop": (list(range(1200)) * max(10, count // 1200), 1000),
    }
    return {name: (s3_fifo(trace, size), lru(trace, size)) for name, (trace, size) in traces.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cache", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="within a minute, less certain")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--cancel", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child:
        print(asyncio.run(together(options.child, cancel=options.cancel)))
        return 0
    missing("aiocache", "cashews", "redis")
    turns, count = (5, 5000) if options.quick else (15, 20_000)
    memory = asyncio.run(measured(list(CONTENDERS), None, turns, count))
    shared: dict[str, float] = {}
    plain = cancelled = None
    binary = program("redis-server", hint="apt install redis-server")
    if binary is not None:
        with redis_server(binary) as url:
            shared = asyncio.run(measured(list(CONTENDERS), url, turns, count // 10))
            plain = over_processes(url, cancel=False)
            cancelled = over_processes(url, cancel=True)
    hits = ratios(30_000 if options.quick else 200_000)
    machine()
    table(("us a hit", "memory", "Redis"), [(name, memory[name], shared.get(name)) for name in CONTENDERS])
    table(("hit ratio", "S3-FIFO", "LRU"), [(name, *pair) for name, pair in hits.items()])
    own, get = "holdfast", "raw (a dict, a GET)"
    ratio = shared[own] / shared[get] if shared else None
    gain = hits["Zipf with scans"][0] / hits["Zipf with scans"][1]
    peers = min(memory["cashews"], memory["aiocache"])
    checks = [
        check("a hit in memory, key included, <= 2 us", memory[own], "<=", 2.0),
        check("a hit in memory at most the fastest peer", memory[own], "<=", peers),
        check("a hit in Redis <= 1.2 x the raw GET", ratio, "<=", 1.2),
        check("1,000 callers in 4 processes compute once", plain, "<=", 1.0),
        check("leader cancelled: once more at most", cancelled, "<=", 2.0),
        *(check(f"hit ratio on {name} at least LRU's", one, ">=", two) for name, (one, two) in hits.items()),
    ]
    figures(
        memory_hit_us=memory[own],
        redis_ratio=ratio,
        computed=plain,
        computed_leader_cancelled=cancelled,
        hit_ratio_vs_lru=gain,
        cashews_memory_us=memory["cashews"],
        aiocache_memory_us=memory["aiocache"],
        redis_hit_us=shared.get(own),
        redis_get_us=shared.get(get),
        cashews_redis_us=shared.get("cashews"),
        aiocache_redis_us=shared.get("aiocache"),
    )
    return exit_code(checks)


if __name__ == "__main__":
    sys.exit(main())
