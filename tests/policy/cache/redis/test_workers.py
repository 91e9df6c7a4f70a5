"""Workers that share what they compute."""

from __future__ import annotations

import asyncio
import random

import pytest

from holdfast.policy.cache import Absence, Codec, Source
from tests.policy.cache.made import NUMBERS, PRODUCTS, Product, Work, turns, until
from tests.policy.cache.redis.made import TAGGED, Worker, workers
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.anyio


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
            assert worker.guard._tier is not None
            await worker.guard._tier.settle()
            assert not len(worker.guard.flights)
        # No lease is left: they would last for ten minutes.
        assert await asyncio.gather(*[two[0].ask(Work(7), key=f"k{n}") for n in range(3)]) == [7] * 3
        assert shared_redis.clients() <= connected + 2 * 16
    await until(lambda: shared_redis.clients() <= before)


async def test_what_another_has_renewed_is_not_computed_again(redis_url: str) -> None:
    async with workers(redis_url) as (first, second):
        for worker in (first, second):
            await worker.ask(Work(5))
        stale = second.guard.memory.entries["k"]
        await first.guard.set("k", NUMBERS, 6)
        if second.guard.memory.entries.get("k") is None:
            second.guard.memory.put(stale)  # as if the word of it had not come yet
        stale.expires = stale.watch = 0.0
        work = Work(7)
        assert await second.ask(work, lent=True) == 6
        assert work.begun == 0
