"""Redis gone, hanging, and back."""

from __future__ import annotations

import pytest

from holdfast.policy.store import StoreUnavailable
from tests.policy.cache.made import Work, until
from tests.policy.cache.redis.made import opened, record, until_answers, workers
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.anyio


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


async def test_a_hanging_redis_costs_no_more_than_its_wait(redis_server: RedisServer) -> None:
    async with workers(redis_server.url, 1, patience=0.1) as (worker,):
        redis_server.pause()
        for number in range(5):
            assert await worker.ask(Work(number), key=f"k{number}") == number
        assert "unavailable" in worker.told
        redis_server.resume()
