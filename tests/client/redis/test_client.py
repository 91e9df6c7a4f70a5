from __future__ import annotations

import asyncio
from typing import Any

import pytest
from redis import exceptions as of

from holdfast.errors import BulkheadFull, UsageError
from holdfast.policy.deadline import current
from tests.client.redis.rig import Rig, run


def test_it_is_redis_pys_client(redis_url: str) -> None:
    async def main() -> None:
        rig = Rig(redis_url)
        redis = rig.client
        assert await redis.set("greeting", "hello")
        assert await redis.get("greeting") == "hello"
        with pytest.raises(of.ResponseError, match="WRONGTYPE"):
            await redis.lpush("greeting", "no list")
        assert await redis.register_script("return ARGV[1]")(args=["said"]) == "said"
        async with redis.lock("mine", timeout=9):
            assert await redis.exists("mine")
        assert rig.ended[:3] == [("ok", 1, False), ("ok", 1, False), ("ResponseError", 1, False)]
        rig.idle()
        assert rig.state.pipelines.current().breaker.core.counts(0).failures == 0
        await redis.aclose()

    run(main())


def test_the_budget_sets_what_redis_py_would_set_otherwise(redis_url: str) -> None:
    async def main() -> None:
        rig = Rig(f"{redis_url}?socket_timeout=60&max_connections=1000&timeout=60&client_name=shop")
        await rig.client.ping()
        pool = rig.client.lane().pool
        (connection,) = pool._available_connections
        assert pool.max_connections == 4
        assert connection.socket_timeout is None
        assert connection.socket_connect_timeout == 5.0
        assert connection.retry.get_retries() == 0
        assert connection.client_name == "shop"
        await rig.client.aclose()

    run(main())


def test_without_numbers_it_has_redis_pys_own_limits_but_no_retries(redis_url: str) -> None:
    async def main() -> None:
        rig = Rig(redis_url, leave=("timeout", "breaker", "bulkhead", "retry"))
        assert await rig.client.ping()
        pool = rig.client.lane().pool
        (connection,) = pool._available_connections
        assert (pool.max_connections, connection.socket_timeout) == (100, 5.0)
        assert connection.retry.get_retries() == 0
        await rig.client.aclose()

    run(main())


def test_as_many_connections_as_permits_and_nobody_waits(redis_url: str) -> None:
    async def main() -> None:
        rig = Rig(redis_url)
        said = await asyncio.gather(*(rig.client.ping() for _ in range(20)), return_exceptions=True)
        assert said.count(True) == 4
        assert sum(isinstance(each, BulkheadFull) for each in said) == 16
        assert len(rig.client.lane().pool._available_connections) == 4
        rig.idle()
        await rig.client.aclose()

    run(main())


def test_what_waits_on_purpose_has_no_permit_and_no_timer(redis_url: str) -> None:
    async def main() -> None:
        rig = Rig(redis_url, section={"bulkhead": 1})
        redis = rig.client
        waiting = [asyncio.create_task(redis.blpop([f"queue-{n}"], timeout=30)) for n in range(3)]
        subscription = redis.pubsub()
        await subscription.subscribe("news")
        assert (await subscription.get_message(timeout=30))["type"] == "subscribe"
        while int((await redis.info("clients"))["blocked_clients"]) < 3:
            assert not any(task.done() for task in waiting)
        assert (redis.in_flight, current().waiting()) == (0, 0)  # neither permit nor timer
        for n in range(3):
            await redis.rpush(f"queue-{n}", n)
        assert await asyncio.gather(*waiting) == [(f"queue-{n}", str(n)) for n in range(3)]
        await redis.publish("news", "hello")
        assert (await subscription.get_message(timeout=30))["data"] == "hello"
        await subscription.aclose()
        rig.idle()
        await redis.aclose()

    run(main())


def test_one_client_on_loops_one_after_the_other(redis_url: str) -> None:
    rig = Rig(redis_url)
    script = rig.client.register_script("return 7")  # asks for an encoder, before there is a loop

    async def main() -> None:
        assert await script() == 7
        rig.idle()
        await rig.client.aclose()

    run(main())
    run(main())


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({}, "REDIS_URL: not set"),
        ({"REDIS_URL": "http://x"}, "REDIS_URL: expected an address such as redis://"),
        ({"REDIS_URL": "redis://x?socket_timeout=soon"}, "REDIS_URL: expected an address such as redis://"),
    ],
)
def test_says_what_is_wrong_with_the_address(environ: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError, match=f"^{says}"):
        Rig("", environ=environ)


def test_a_client_of_a_single_connection_would_have_no_policies(redis_url: str) -> None:
    with pytest.raises(UsageError, match="single connection"):
        Rig(redis_url).client.client()


def test_replies_are_what_redis_py_makes_of_them(redis_url: str) -> None:
    async def main() -> None:
        rig = Rig(redis_url, decode_responses=False)
        redis: Any = rig.client
        await redis.hset("h", mapping={"a": 1})
        await redis.zadd("z", {"one": 1.0})
        assert await redis.hgetall("h") == {b"a": b"1"}
        assert await redis.zrange("z", 0, -1, withscores=True) == [(b"one", 1.0)]
        assert [key async for key in redis.scan_iter("h")] == [b"h"]
        await redis.aclose()

    run(main())
