"""Limits of connections that are only observed: the client has all the time it takes, and it is told once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from holdfast.budget.model.connection import Connection
from holdfast.events import Bus
from holdfast.policy.enforcement import Enforcement
from holdfast.policy.mode import Mode
from holdfast.policy.observed import PolicyObserved
from tests.serve.protocol.wire import Peer, read

pytestmark = pytest.mark.anyio

SOON = Connection.model_construct(
    header_timeout=0.05, header_bytes=4096, body_timeout=0.05, body_pace=1 << 30, send_timeout=0.05
)


class Watched:
    """A connection, and what is told of it."""

    def __init__(self, mode: Mode = Mode.OBSERVE) -> None:
        bus, self.heard = Bus(), list[PolicyObserved]()
        bus.subscribe(PolicyObserved, self.heard.append)
        enforcement = Enforcement("connection", mode, bus)
        self.peer = Peer(ours=True, least=0, limits=SOON, connection=enforcement)

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(event.would, event.why) for event in self.heard]

    async def until_told(self) -> None:
        async with asyncio.timeout(20):
            while not self.heard:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)
        for _ in range(4):  # looked at again, and nothing more to say
            self.peer.protocol.patience.due()  # type: ignore[attr-defined]

    async def answered(self) -> list[int]:
        statuses = [answer.status for answer in read(self.peer.transport.written)]
        assert not self.peer.transport.closed
        await self.peer.over()
        return statuses


@pytest.mark.parametrize("begun", [b"", b"GET / HTT"])
async def test_a_head_may_take_its_time(begun: bytes) -> None:
    here = Watched()
    if begun:
        await here.peer.send(begun)
    await here.until_told()
    await here.peer.send(b"GET / HTTP/1.1\r\n\r\n"[len(begun) :])
    assert await here.answered() == [200]
    assert here.told == [("cut", "header_timeout")]


async def test_a_body_may_take_its_time() -> None:
    here = Watched()
    await here.peer.send(b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nhello")
    await here.until_told()
    await here.peer.send(b"world")
    assert await here.answered() == [200]
    assert here.told == [("cut", "body_timeout")]


async def test_a_client_may_take_its_answer_later() -> None:
    here = Watched()
    here.peer.protocol.pause_writing()
    await here.until_told()
    here.peer.protocol.resume_writing()
    await here.peer.send(b"GET / HTTP/1.1\r\n\r\n")
    assert await here.answered() == [200]
    assert here.told == [("cut", "send_timeout")]


@pytest.mark.parametrize("pieces", [1, 7])
async def test_a_head_may_be_large(pieces: int) -> None:
    here = Watched()
    head = b"GET / HTTP/1.1\r\n" + b"X-H: %s\r\n" % (b"v" * 90) * 100 + b"\r\n"
    step = len(head) // pieces + 1
    for _ in range(2):
        await here.peer.send(*(head[at : at + step] for at in range(0, len(head), step)))
    assert await here.answered() == [200, 200]
    assert here.told == [("refuse", "header_bytes")], "once a connection"


async def test_off_is_silent() -> None:
    here = Watched(Mode.OFF)
    patience: Any = here.peer.protocol.patience  # type: ignore[attr-defined]
    patience._look(here.peer.protocol.born + 1000)  # type: ignore[attr-defined]
    await here.peer.send(b"GET / HTTP/1.1\r\n\r\n")
    assert await here.answered() == [200]
    assert here.told == []
