"""What the store itself promises, asked directly."""

from __future__ import annotations

import asyncio

import pytest

from holdfast.policy.cache import Lease, Record
from tests.policy.cache.made import turns
from tests.policy.cache.redis.made import begun, opened, record
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.anyio


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
