from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from holdfast.events import Bus, CacheUsed
from holdfast.policy.cache import Absence, CacheGuard, Codec, Lease, Record, Source
from holdfast.policy.cache.store import RedisStore
from holdfast.policy.store import StoreUnavailable
from holdfast.policy.store.redis import connect
from tests.policy.cache.made import NUMBERS, PRODUCTS, Product, Work, config, turns, until
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.anyio

PATIENCE = 5.0
"""Seconds: longer than this machine ever stands still."""

TAGGED = Source(NUMBERS.codec, lambda value: ("odd",) if value % 2 else ())


def store(url: str, *, lease: float = 10.0, patience: float = PATIENCE) -> RedisStore:
    return RedisStore(lambda: connect(url, patience=patience), "product", lease=lease, patience=patience)


class Worker:
    """A guard on the shared Redis, as each process has one."""

    def __init__(self, url: str, *, lease: float = 10.0, patience: float = PATIENCE, **changes: Any) -> None:
        self.told: list[str] = []
        bus = Bus()
        bus.subscribe(CacheUsed, lambda event: self.told.append(event.outcome))
        self.store = store(url, lease=lease, patience=patience)
        self.guard = CacheGuard(config(lease=lease, **changes), bus=bus, shared=self.store)

    async def ask(
        self, work: Work, source: Source[Any] = NUMBERS, *, key: str = "k", lent: bool = False
    ) -> Any:
        return await self.guard.obtain(key, source, work, lent=lent)


@asynccontextmanager
async def workers(url: str, count: int = 2, **options: Any) -> AsyncIterator[list[Worker]]:
    made = [Worker(url, **options) for _ in range(count)]
    try:
        for worker in made:
            await worker.guard.start()
        await until(lambda: all(worker.store.listening for worker in made))
        yield made
    finally:
        for worker in made:
            await worker.guard.aclose()


def record(number: int, *tags: str, seconds: float = 60.0) -> Record:
    now = time.time()
    return Record(str(number).encode(), now + seconds, now + seconds, 0.1, False, tags, bytes([number]) * 8)


@asynccontextmanager
async def opened(url: str, **options: Any) -> AsyncIterator[RedisStore]:
    made = store(url, **options)
    try:
        yield made
    finally:
        await made.aclose()


async def begun(redis: RedisStore, key: str = "k", known: bytes = b"") -> Lease:
    lease = await redis.begin(key, known)
    assert isinstance(lease, Lease)
    return lease


async def test_a_lease_is_one_holders(redis_url: str) -> None:
    async with opened(redis_url) as redis, opened(redis_url) as other:
        lease = await begun(redis)
        assert await other.begin("k", b"") is None
        assert await other.fill(Lease("k", b"another", 0), record(2)) is False
        assert await redis.fill(lease, record(1, "a"))
        found = await other.begin("k", b"")
        assert isinstance(found, Record)
        assert (found.data, found.tags, found.stamp) == (b"1", ("a",), b"\x01" * 8)
        again = await begun(other, known=found.stamp)  # to compute it anew
        await other.release(again)
        await begun(redis, known=found.stamp)


async def test_who_was_thought_dead_writes_nothing(redis_url: str) -> None:
    async with opened(redis_url, lease=0.05) as slow, opened(redis_url) as next_one:
        lost = await begun(slow)
        await asyncio.sleep(0.1)
        lease = await begun(next_one)
        assert await slow.renew(lost) is False
        await slow.release(lost)  # not the other's
        assert await slow.fill(lost, record(1)) is False
        assert await next_one.fill(lease, record(2))
        found = await slow.look("k")
        assert found is not None
        assert found.data == b"2"


@pytest.mark.parametrize("how", ["key", "tag", "put"])
async def test_what_was_begun_before_an_invalidation_is_not_stored(redis_url: str, how: str) -> None:
    async with opened(redis_url) as redis, opened(redis_url) as other:
        lease = await begun(redis)
        if how == "key":
            await other.drop("k")
        elif how == "tag":
            await other.drop_tag("odd")
        else:
            await other.put("k", record(9))
        assert await redis.fill(lease, record(1, "odd")) is False
        found = await redis.look("k")
        assert (found is None) is (how != "put")


async def test_a_tag_takes_all_that_carries_it_and_nothing_else(redis_url: str) -> None:
    async with opened(redis_url) as redis:
        for number in range(5):
            await redis.put(f"k{number}", record(number, "odd" if number % 2 else "even"))
        await redis.drop_tag("odd")
        assert [await redis.look(f"k{number}") is not None for number in range(5)] == [True, False] * 2 + [
            True
        ]
        lease = await begun(redis, "k1")
        assert await redis.fill(lease, record(1, "odd"))  # begun afterwards


async def test_what_expires_leaves_nothing(redis_url: str, shared_redis: RedisServer) -> None:
    async with opened(redis_url) as redis:
        await redis.put("k", record(1, "odd", seconds=0.05))
        await asyncio.sleep(0.1)
        assert await redis.look("k") is None
        assert shared_redis.command("EXISTS", "holdfast:cache:{product}:t:odd") == b":0\r\n"


@pytest.mark.parametrize("raw", ["", "garbage", "hfc1", "\\x80\\x04"])
async def test_what_is_not_ours_is_a_miss(redis_url: str, shared_redis: RedisServer, raw: str) -> None:
    shared_redis.command("SET", "holdfast:cache:{product}:v:k", raw)
    async with workers(redis_url, 1) as (worker,):
        assert await worker.ask(Work(5)) == 5
        record_there = await worker.store.look("k")
        assert record_there is not None
        assert record_there.data == b"5"


async def test_a_changed_model_is_a_miss(redis_url: str) -> None:
    class Changed(Product):
        weight: int

    changed: Source[Changed] = Source(Codec(Changed))
    async with workers(redis_url) as (old, new):
        await old.ask(Work(Product(name="kelp")), PRODUCTS)
        # Even under the same key, as if the schema had not told: validated, and not what it was.
        value = await new.ask(Work(Changed(name="kelp", weight=2)), changed)
        assert value == Changed(name="kelp", weight=2)
        assert "unfit" in new.told


async def test_what_one_computes_the_others_find(redis_url: str) -> None:
    async with workers(redis_url, 3, negative=5.0) as (first, second, third):
        work = Work(5)
        assert [await worker.ask(work) for worker in (first, second, third, second)] == [5] * 4
        gone = Work(Absence(410, "sold"))
        assert [await worker.ask(gone, key="g") for worker in (first, second)] == [Absence(410, "sold")] * 2
        assert (work.begun, gone.begun) == (1, 1)


@pytest.mark.parametrize("lent", [False, True])
async def test_all_workers_together_compute_once(redis_url: str, lent: bool) -> None:
    async with workers(redis_url, 4) as four:
        work = Work(5, held=True)
        callers = [asyncio.ensure_future(worker.ask(work, lent=lent)) for worker in four for _ in range(250)]
        await until(lambda: work.begun > 0)
        await asyncio.sleep(0.05)
        work.go.set()
        assert set(await asyncio.gather(*callers)) == {5}
        assert work.begun == 1


async def test_an_invalidation_reaches_every_worker(redis_url: str) -> None:
    async with workers(redis_url, 3) as three:
        for invalidate in (
            lambda: three[0].guard.delete("k"),
            lambda: three[0].guard.delete_tag("odd"),
            lambda: three[0].guard.set("k", TAGGED, 7),
        ):
            for worker in three:
                await worker.ask(Work(5), TAGGED)
            await invalidate()
            await until(lambda: all(worker.guard.hit("k") is None for worker in three[1:]))
        assert await three[1].ask(Work(5), TAGGED) == 7  # written through


async def test_a_holder_that_computes_for_long_keeps_its_lease(redis_url: str) -> None:
    async with workers(redis_url, 2, lease=0.3) as (first, second):
        slow, other = Work(5, held=True), Work(6)
        one = asyncio.ensure_future(first.ask(slow))
        await until(lambda: slow.begun == 1)
        two = asyncio.ensure_future(second.ask(other))
        await asyncio.sleep(0.7)
        slow.go.set()
        assert [await one, await two] == [5, 5]
        assert other.begun == 0


async def test_a_holder_that_was_cancelled_gives_it_back(redis_url: str) -> None:
    async with workers(redis_url, 2, lease=600.0) as (first, second):
        slow = Work(5, held=True)
        one = asyncio.ensure_future(first.ask(slow, lent=True))
        await until(lambda: slow.begun == 1)
        two = asyncio.ensure_future(second.ask(Work(6), lent=True))
        await turns()
        one.cancel()
        assert await two == 6


async def test_redis_gone_is_slower_not_broken(redis_server: RedisServer) -> None:
    async with workers(redis_server.url) as (one, other):
        assert await one.ask(Work(1)) == 1
        assert await other.ask(Work(1)) == 1
        redis_server.kill()
        work = Work(2)
        assert [await one.ask(work, key="new") for _ in range(20)] == [2] * 20
        assert work.begun == 1  # its own memory, and one computation at a time
        assert await one.ask(Work(3)) == 1
        assert await one.guard.delete("k")
        assert "unavailable" in one.told
        assert await other.ask(Work(3)) == 1  # not told yet
        redis_server.start()
        await until(lambda: other.store.listening and one.store.listening)
        assert await other.ask(Work(3)) == 3  # whoever was cut off starts afresh
        assert await one.ask(Work(4), key="k2") == 4


async def test_what_was_invalidated_meanwhile_is_gone_when_redis_is_back(redis_server: RedisServer) -> None:
    async with opened(redis_server.url, patience=0.2) as redis:
        await redis.put("k", record(1))
        await redis.put("other", record(2, "odd"))
        redis_server.pause()
        for drop in (redis.drop("k"), redis.drop_tag("odd")):
            with pytest.raises(StoreUnavailable):
                await drop
        redis_server.resume()
        for key in ("k", "other"):
            await until_answers(redis, key)
            assert await redis.look(key) is None


async def test_a_lease_that_nobody_waited_for_is_given_back(redis_url: str) -> None:
    async with opened(redis_url, lease=600.0) as redis:
        for turns_before in range(8):  # before it is sent, while it is on its way, when it is there
            asking = asyncio.ensure_future(redis.begin("k", b""))
            await turns(turns_before)
            asking.cancel()
            await asyncio.wait((asking,))
            while redis._undoing:
                await asyncio.wait(tuple(redis._undoing))
            if not asking.cancelled():  # it was quicker
                found = asking.result()
                assert isinstance(found, Lease)
                await redis.release(found)
            await redis.release(await begun(redis))


async def test_lookups_beside_invalidations_are_not_turned_away(redis_url: str) -> None:
    async with opened(redis_url) as redis:
        await redis.put("k", record(1))
        found = await asyncio.gather(
            *[redis.drop(f"x{n}") for n in range(50)], *[redis.look("k") for _ in range(50)]
        )
        assert all(one.data == b"1" for one in found[50:] if isinstance(one, Record))
        assert sum(isinstance(one, Record) for one in found) == 50


async def test_an_invalidation_that_was_cancelled_is_done_all_the_same(redis_url: str) -> None:
    async with opened(redis_url) as redis:
        await redis.put("k", record(1))
        drop = asyncio.ensure_future(redis.drop("k"))
        await asyncio.sleep(0)
        drop.cancel()
        await asyncio.wait((drop,))
        assert await redis.look("k") is None


async def until_answers(redis: RedisStore, key: str) -> None:
    limit = time.monotonic() + 20
    while True:
        try:
            await redis.look(key)
        except StoreUnavailable:
            assert time.monotonic() < limit
            await asyncio.sleep(0.02)
        else:
            return


async def test_a_hanging_redis_costs_no_more_than_its_wait(redis_server: RedisServer) -> None:
    async with workers(redis_server.url, 1, patience=0.1) as (worker,):
        redis_server.pause()
        for number in range(5):
            assert await worker.ask(Work(number), key=f"k{number}") == number
        assert "unavailable" in worker.told
        redis_server.resume()


@pytest.mark.parametrize("seed", range(6))
async def test_random_cancellation_leaks_nothing(
    redis_url: str, shared_redis: RedisServer, seed: int
) -> None:
    chance = random.Random(seed)
    before = shared_redis.clients()
    async with workers(redis_url, 2, lease=600.0) as two:
        connected = shared_redis.clients()

        async def caller(worker: Worker) -> None:
            work = Work(7)
            key = f"k{chance.randrange(3)}"
            what = chance.randrange(5)
            if what == 0:
                await worker.guard.delete(key)
            elif what == 1:
                await worker.guard.delete_tag("odd")
            else:
                assert await worker.ask(work, TAGGED, key=key, lent=bool(chance.randrange(2))) == 7

        callers = [asyncio.ensure_future(caller(chance.choice(two))) for _ in range(60)]
        for _ in range(40):
            await asyncio.sleep(chance.random() * 0.002)
            chance.choice(callers).cancel()
        outcomes = await asyncio.gather(*callers, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} <= {type(None), asyncio.CancelledError}
        for worker in two:
            await worker.guard.flights.aclose()
            while worker.guard._closing:
                await asyncio.wait(tuple(worker.guard._closing))
            assert not len(worker.guard.flights)
        # No lease is left: they would last for ten minutes.
        assert await asyncio.gather(*[two[0].ask(Work(7), key=f"k{n}") for n in range(3)]) == [7] * 3
        assert shared_redis.clients() <= connected + 2 * 16
    await until(lambda: shared_redis.clients() <= before)


PROCESS = """
import asyncio, sys
from holdfast.events import Bus
from holdfast.policy.cache import CacheConfig, CacheGuard, Codec, Source
from holdfast.policy.cache.store import RedisStore
from holdfast.policy.store.redis import connect

async def main(url):
    store = RedisStore(lambda: connect(url, patience=20.0), "product", lease=30.0, patience=20.0)
    guard = CacheGuard(CacheConfig("product", ttl=60.0, limit=1 << 20, lease=30.0), bus=Bus(), shared=store)
    computed = 0
    async def compute():
        nonlocal computed
        computed += 1
        await asyncio.sleep(0.3)
        return 7
    print("ready", flush=True)
    sys.stdin.readline()
    source = Source(Codec(int))
    found = await asyncio.gather(*[guard.obtain("k", source, compute) for _ in range(250)])
    assert set(found) == {7}
    print(computed, flush=True)
    await guard.aclose()

asyncio.run(main(sys.argv[1]))
"""


def test_four_processes_compute_once(redis_url: str) -> None:
    command = [sys.executable, "-c", PROCESS, redis_url]
    children = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": "src"}
        )
        for _ in range(4)
    ]
    try:
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        outputs = []
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        outputs = [child.communicate(timeout=60)[0] for child in children]
    finally:
        for child in children:
            child.kill()
            child.wait()
    assert sum(json.loads(output) for output in outputs) == 1
