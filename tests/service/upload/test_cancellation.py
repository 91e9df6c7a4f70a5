"""Cancelled at whatever moment, once or twice: no file, no descriptor, no slot stays."""

# ruff: noqa: ASYNC240 - the test looks at the disk itself
from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.types import Message

from holdfast.errors import UploadRefused
from holdfast.loop.offload.threads import current
from holdfast.service.upload import Disk
from holdfast.service.upload.limits import Limits
from holdfast.service.upload.reception import Reception
from tests.service.upload.held import PNG, form

pytestmark = pytest.mark.anyio

LIMITS = Limits(1 << 20, 3, frozenset(("image/png",)), 1 << 20)
TYPE, BODY = form(
    ("a", "1.png", PNG + bytes(600_000)), ("title", None, b"x"), ("b", "2.png", PNG + bytes(300_000))
)


def descriptors() -> int:
    """Return how many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def arriving(chance: random.Random) -> Request:
    """Return a request whose body comes in pieces, now and then with a wait, and may break off."""
    pieces = [BODY[at : at + 100_000] for at in range(0, len(BODY), 100_000)]
    breaks = chance.randrange(len(pieces)) if chance.random() < 0.2 else None

    async def receive() -> Message:
        for _ in range(chance.randrange(3)):
            await asyncio.sleep(0)
        if not pieces or len(pieces) == breaks:
            return {"type": "http.disconnect"}
        body = pieces.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(pieces)}

    headers = [(b"content-type", TYPE.encode()), (b"content-length", b"%d" % len(BODY))]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


async def one(directory: Path, chance: random.Random) -> None:
    """Receive as the dependency does, with a route that fails."""
    reception = Reception(LIMITS, Disk(directory))
    try:
        await reception.receive_form(arriving(chance))
        await asyncio.sleep(0)
        raise UploadRefused("the route failed")
    except BaseException:
        await reception.discard()
        raise


@pytest.mark.parametrize("seed", range(40))
async def test_nothing_is_left(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    before = descriptors()
    tasks = [asyncio.ensure_future(one(tmp_path, chance)) for _ in range(4)]
    for task in tasks:
        for _ in range(chance.randrange(3)):
            for _ in range(chance.randrange(60)):
                await asyncio.sleep(0)
            if chance.random() < 0.3:
                await asyncio.sleep(chance.random() / 100)
            task.cancel()
    for task in tasks:
        with suppress(UploadRefused, asyncio.CancelledError):
            await task
    assert list(tmp_path.iterdir()) == []
    assert descriptors() == before
    assert current().slots.used == 0
