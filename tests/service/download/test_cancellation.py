"""A stream that is cancelled at whatever moment: its source is closed, and no task is left."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from starlette.types import Message

from holdfast.service.download import StreamDownload

pytestmark = pytest.mark.anyio

SCOPE = {"type": "http", "method": "GET", "headers": []}


class Source:
    """Counts what is opened and closed."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.opened = self.closed = 0

    async def pieces(self) -> AsyncIterator[bytes]:
        self.opened += 1
        try:
            for _ in range(20):
                await self.turns()
                yield b"piece"
        finally:
            self.closed += 1
            await self.turns()

    async def turns(self) -> None:
        for _ in range(self.chance.randrange(3)):
            await asyncio.sleep(0)


@pytest.mark.parametrize("seed", range(60))
async def test_the_source_is_closed(seed: int) -> None:
    before = asyncio.all_tasks()
    chance = random.Random(seed)
    source = Source(chance)
    leaves = chance.randrange(80) if chance.random() < 0.5 else None

    async def receive() -> Message:
        if leaves is None:
            await asyncio.Event().wait()
        for _ in range(leaves or 0):
            await asyncio.sleep(0)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        await source.turns()

    answer = StreamDownload(source.pieces(), patience=60)
    serving = asyncio.ensure_future(answer(SCOPE, receive, send))
    for _ in range(chance.randrange(120)):
        await asyncio.sleep(0)
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving
    assert source.opened == source.closed
    assert asyncio.all_tasks() == before
