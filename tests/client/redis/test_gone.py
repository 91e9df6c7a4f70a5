"""Redis is gone, or stands still: what callers get, and that nothing is left of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from holdfast.errors import BreakerOpen, CallFailed
from tests.client.redis.rig import Rig, run
from tests.client.section import HASTY
from tests.servers.redis import RedisServer


def test_a_lost_connection_is_replaced_unseen(redis_server: RedisServer) -> None:
    async def main() -> None:
        rig = Rig(redis_server.url)
        assert await rig.client.ping()
        redis_server.restart()
        assert await rig.client.ping()
        assert rig.ended[-1][0] == "ok"
        await rig.client.aclose()

    run(main())


def test_a_server_that_stands_still_costs_two_attempts_of_a_read_and_one_of_a_write(
    redis_server: RedisServer,
) -> None:
    async def main() -> None:
        rig = Rig(redis_server.url, section=HASTY)
        await rig.client.ping()
        redis_server.pause()
        try:
            for call in (rig.client.get("a"), rig.client.incr("a")):
                with pytest.raises(CallFailed, match="timeout"):
                    await call
        finally:
            redis_server.resume()
        assert rig.ended[1:] == [("timeout", 2, False), ("timeout", 1, False)]
        rig.idle()
        # Nobody reads what was answered late.
        for number in range(8):
            assert await rig.client.echo(str(number)) == str(number)
        await rig.client.aclose()

    run(main())


def test_the_breaker_spares_callers_the_wait(redis_server: RedisServer) -> None:
    async def main() -> None:
        rig = Rig(redis_server.url, section={"breaker": {"window": "60s", "failures": "50%", "open": "60s",
                                                         "minimum": 2}})  # fmt: skip
        redis_server.kill()
        with pytest.raises(CallFailed, match="connect"):
            await rig.client.get("a")
        with pytest.raises(BreakerOpen) as refused:
            await rig.client.get("a")
        assert refused.value.dependency == "cache"
        assert 0 < (refused.value.retry_after or 0) <= 60
        await rig.client.aclose()

    run(main())


@pytest.mark.parametrize("made", ["a value", "a function", "a coroutine function"])
def test_a_fallback_stands_in_for_each_reply(redis_server: RedisServer, made: str) -> None:
    async def soon(command: Any, why: Exception) -> str:
        return f"{command[0]} without"

    fallback = {
        "a value": "GET without",
        "a function": lambda command, why: f"{command[0]} without",
        "a coroutine function": soon,
    }[made]

    async def main() -> None:
        rig = Rig(redis_server.url, fallback=fallback)
        redis_server.kill()
        assert await rig.client.get("a") == "GET without"
        async with rig.client.pipeline() as several:
            several.get("a").get("b")
            assert await several.execute() == ["GET without"] * 2
        assert rig.ended == [("connect", 2, True)] * 2
        rig.idle()
        await rig.client.aclose()

    run(main())


def test_what_waits_on_purpose_is_refused_in_the_same_words(redis_server: RedisServer) -> None:
    async def main() -> None:
        rig = Rig(redis_server.url)
        redis_server.kill()
        with pytest.raises(CallFailed, match="cache: connect"):
            await rig.client.blpop(["queue"], timeout=30)
        rig.idle()
        await rig.client.aclose()

    run(main())


def test_a_wrong_password_is_not_tried_again(redis_server: RedisServer) -> None:
    async def main() -> None:
        assert redis_server.command("CONFIG", "SET", "requirepass", "right").startswith(b"+OK")
        rig = Rig(redis_server.url.replace("//", "//:wrong@"))
        with pytest.raises(CallFailed, match="AuthenticationError"):
            await rig.client.get("a")
        assert rig.ended == [("AuthenticationError", 1, False)]
        rig.idle()
        await rig.client.aclose()

    run(main())


def test_after_a_failover_connections_are_made_anew(redis_server: RedisServer) -> None:
    """The one that was the primary still answers, and takes no writes."""

    async def main() -> None:
        rig = Rig(redis_server.url)
        pool = rig.client.lane().pool
        await asyncio.gather(*(rig.client.ping() for _ in range(3)))
        before = {connection._writer for connection in pool._available_connections}
        redis_server.command("REPLICAOF", "127.0.0.1", "1")
        with pytest.raises(CallFailed, match="ReadOnlyError"):
            await rig.client.set("a", 2)
        redis_server.command("REPLICAOF", "NO", "ONE")
        await asyncio.gather(*(rig.client.set("a", 3) for _ in range(3)))
        after = {connection._writer for connection in pool._available_connections}
        assert len(before) == len(after) == 3
        assert not before & after
        rig.idle()
        await rig.client.aclose()

    run(main())
