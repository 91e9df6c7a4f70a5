from __future__ import annotations

from typing import Any

import pytest
from redis import exceptions as of

from holdfast.errors import CallFailed
from tests.client.redis.rig import Rig, run
from tests.servers.redis import RedisServer


def test_a_pipeline_is_one_call(redis_url: str) -> None:
    async def main() -> None:
        rig = Rig(redis_url, section={"bulkhead": 1})
        for transaction in (True, False):
            async with rig.client.pipeline(transaction) as several:
                several.set("a", 1).incr("a").get("a")
                assert await several.execute() == [True, 2, "2"]
                assert await several.execute() == []
        assert rig.ended == [("ok", 1, False)] * 2
        rig.idle()
        await rig.client.aclose()

    run(main())


def test_watch_has_a_connection_aside(redis_url: str) -> None:
    async def main() -> None:
        rig = Rig(redis_url, section={"bulkhead": 1})
        redis = rig.client

        async def twice(pipe: Any) -> str:
            value = int(await pipe.get("n") or 1)
            if value == 1:
                await redis.set("n", 5)  # somebody else, in between: all of it again
            pipe.multi()
            pipe.set("n", value * 2)
            return f"of {value}"

        assert await redis.transaction(twice, "n", value_from_callable=True) == "of 5"
        assert await redis.get("n") == "10"
        rig.idle()
        await redis.aclose()

    run(main())


def test_scripts_are_loaded_in_the_same_call(redis_url: str) -> None:
    async def main() -> None:
        rig = Rig(redis_url, section={"bulkhead": 1})
        script = rig.client.register_script("return ARGV[1]")
        async with rig.client.pipeline() as several:
            await script(args=["a"], client=several)
            await script(args=["b"], client=several)
            assert await several.execute() == ["a", "b"]
        assert rig.ended == [("ok", 1, False)]
        rig.idle()
        await rig.client.aclose()

    run(main())


def test_an_error_reply_is_the_callers_own(redis_url: str) -> None:
    async def main() -> None:
        rig = Rig(redis_url)
        await rig.client.set("text", "x")
        async with rig.client.pipeline() as several:
            several.incr("text")
            with pytest.raises(of.ResponseError, match="not an integer"):
                await several.execute()
            several.incr("text").get("text")
            said, text = await several.execute(raise_on_error=False)
        assert isinstance(said, of.ResponseError)
        assert text == "x"
        rig.idle()
        await rig.client.aclose()

    run(main())


def test_a_repetition_sends_all_that_was_queued(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        rig = Rig(redis_url)
        await rig.client.ping()
        (connection,) = rig.client.lane().pool._available_connections

        async def lost(*words: object, **options: object) -> None:
            monkeypatch.undo()
            raise of.ConnectionError("lost")

        monkeypatch.setattr(connection, "send_packed_command", lost)
        async with rig.client.pipeline() as several:
            several.set("a", 1).get("a")
            assert await several.execute() == [True, "1"]
        assert rig.ended[-1] == ("ok", 2, False)
        rig.idle()
        await rig.client.aclose()

    run(main())


def test_repeated_where_each_of_its_commands_may_be(redis_server: RedisServer) -> None:
    async def main() -> None:
        rig = Rig(redis_server.url)
        redis_server.kill()
        for commands, attempts in ((("GET",), 2), (("GET", "INCR"), 1)):
            async with rig.client.pipeline() as several:
                for command in commands:
                    several.execute_command(command, "a")
                with pytest.raises(CallFailed, match="connect"):
                    await several.execute()
            assert rig.ended[-1] == ("connect", attempts, False)
        rig.idle()
        redis_server.start()
        async with rig.client.pipeline() as several:  # what a retry would send is all that was queued
            several.set("a", 1).get("a")
            assert await several.execute() == [True, "1"]
        await rig.client.aclose()

    run(main())
