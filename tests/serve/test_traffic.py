"""What stands around an app under a server that tells nothing: counted right however a request ends."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from holdfast.serve.traffic import RESTART, Traffic

HTTP: dict[str, Any] = {"type": "http", "http_version": "1.1"}


async def answers(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]})
    await asyncio.sleep(scope.get("takes", 0))
    await send({"type": "http.response.body", "body": b""})


async def ask(traffic: Traffic, **more: Any) -> list[tuple[bytes, bytes]]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    await traffic({**HTTP, **more}, receive, send)
    return list(sent[0]["headers"])


def test_an_answer_ends_its_connection_once_the_worker_leaves() -> None:
    async def scenario() -> None:
        traffic = Traffic(answers, {"shared": 1})
        assert await ask(traffic) == [(b"a", b"b")]
        traffic.close_kept_alive()
        assert await ask(traffic) == [(b"a", b"b"), (b"connection", b"close")]
        assert await ask(traffic, http_version="2") == [(b"a", b"b")], "there is no such header"
        assert (len(traffic), traffic.total) == (0, 3)

    asyncio.run(scenario())


def test_it_counts_right_under_cancellation() -> None:
    async def fails(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(scope["takes"])
        raise RuntimeError("no")

    async def scenario() -> None:
        chance = random.Random(5)
        for app in (answers, fails):
            traffic = Traffic(app, {})
            tasks = [asyncio.create_task(ask(traffic, takes=chance.random() / 50)) for _ in range(100)]
            await asyncio.sleep(0.005)
            assert len(traffic) > 0
            for task in chance.sample(tasks, 50):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            assert len(traffic) == 0
            assert traffic.total >= 50

    asyncio.run(scenario())


class Peer:
    """A server as Granian is one: a close waits for as long as somebody reads."""

    def __init__(self) -> None:
        self.reading = asyncio.Lock()
        self.inbox: asyncio.Queue[Any] = asyncio.Queue()
        self.sent: list[Any] = []

    async def receive(self) -> Any:
        async with self.reading:
            return await self.inbox.get()

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.close":
            async with self.reading:
                self.sent.append(message)
        else:
            self.sent.append(message)


async def echo(scope: Any, receive: Any, send: Any) -> None:
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})
    scope["ended"].append(message["code"])


def test_a_websocket_is_closed_while_its_handler_reads() -> None:
    async def scenario() -> None:
        traffic, peer, ended = Traffic(echo, {}), Peer(), list[int]()
        peer.inbox.put_nowait({"type": "websocket.connect"})
        peer.inbox.put_nowait({"type": "websocket.receive", "text": "hello"})
        serving = asyncio.create_task(
            traffic({"type": "websocket", "ended": ended}, peer.receive, peer.send)  # type: ignore[arg-type]
        )
        while len(peer.sent) < 2:  # noqa: ASYNC110 - a peer in a test
            await asyncio.sleep(0)
        assert len(traffic) == 1
        await asyncio.wait_for(traffic.close_websockets(), 5)
        await asyncio.wait_for(serving, 5)
        assert peer.sent[-1]["code"] == RESTART
        assert ended == [RESTART]
        assert len(traffic) == 0
        await traffic.close_websockets()
        assert [message["type"] for message in peer.sent].count("websocket.close") == 1

    asyncio.run(scenario())


def test_a_websocket_that_is_cancelled_leaves_nothing_that_reads() -> None:
    async def scenario() -> None:
        traffic, peer = Traffic(echo, {}), Peer()
        peer.inbox.put_nowait({"type": "websocket.connect"})
        serving = asyncio.create_task(traffic({"type": "websocket", "ended": []}, peer.receive, peer.send))
        while not peer.sent:  # noqa: ASYNC110
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving
        await asyncio.sleep(0)
        assert len(traffic) == 0
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(scenario())
