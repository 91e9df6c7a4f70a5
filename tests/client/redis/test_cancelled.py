"""Whatever is cancelled, nobody reads another's reply, and no connection is lost."""

from __future__ import annotations

import asyncio
import random

import pytest
from redis.credentials import CredentialProvider

from holdfast.errors import DependencyUnavailable
from tests.client.redis.rig import Rig, run
from tests.servers.redis import RedisServer


@pytest.mark.parametrize("seed", range(4))
def test_random_cancellation(redis_url: str, seed: int) -> None:
    chance = random.Random(seed)

    async def main() -> None:
        rig = Rig(redis_url)
        redis = rig.client

        async def one(number: int) -> None:
            said = f"said {number}"
            kind = number % 4
            try:
                if kind == 0:
                    assert await redis.echo(said) == said
                elif kind == 1:
                    async with redis.pipeline(chance.random() < 0.5) as several:
                        several.echo(said).echo(said * 2)
                        assert await several.execute() == [said, said * 2]
                elif kind == 2:
                    async with redis.pipeline() as several:
                        await several.watch("key")
                        assert await several.echo(said) == said
                        several.multi()
                        several.echo(said)
                        assert await several.execute() == [said]
                else:
                    assert await redis.blpop([said], timeout=0.01) is None
            except DependencyUnavailable:
                pass  # the bulkhead

        tasks = []
        for number in range(150):
            tasks.append(asyncio.create_task(one(number)))
            for _ in range(chance.randrange(4)):
                await asyncio.sleep(0)
            if chance.random() < 0.6:
                chance.choice(tasks).cancel()
            if chance.random() < 0.2:
                await asyncio.sleep(chance.random() / 500)
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            assert result is None or isinstance(result, asyncio.CancelledError), result
        assert {event.outcome for event in rig.heard} > {"ok", "cancelled"}
        rig.idle()
        for number in range(8):
            assert await redis.echo(str(number)) == str(number)
        await redis.aclose()

    run(main())


class Slow(CredentialProvider):
    """The first time that it is asked it does not answer."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def get_credentials_async(self) -> tuple[str]:
        if not self.asked.is_set():
            self.asked.set()
            await asyncio.Event().wait()
        return ("right",)


def test_a_connection_that_was_cut_while_it_greeted_is_not_used(redis_server: RedisServer) -> None:
    """It has not said its password yet."""

    async def main() -> None:
        assert redis_server.command("CONFIG", "SET", "requirepass", "right").startswith(b"+OK")
        slow = Slow()
        rig = Rig(redis_server.url, credential_provider=slow)
        task = asyncio.create_task(rig.client.get("a"))
        await slow.asked.wait()
        task.cancel()
        await asyncio.wait([task])
        rig.idle()
        assert await rig.client.set("a", 1)
        await rig.client.aclose()

    run(main())
