"""What is open ends politely, and leaves nothing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.service.opened.service import Service
from tests.service.uvicorn_here import Client, served, until

pytestmark = pytest.mark.anyio


async def test_ended_websockets_say_1012_and_the_app_learns_of_it(service: Callable[[], Service]) -> None:
    here = service()
    async with served(here.app) as port:
        address = f"ws://127.0.0.1:{port}"
        async with connect(f"{address}/echo") as listens, connect(f"{address}/talks") as talks:
            await until(lambda: here.opened.websockets == 2)
            here.opened.end()
            for socket in (listens, talks):
                await socket.wait_closed()
                assert socket.close_code == 1012
            await until(lambda: len(here.opened) == 0)
        assert sorted(here.ended) == ["1012", "told"]


async def test_events_end_properly_and_a_download_goes_on(service: Callable[[], Service]) -> None:
    here = service()
    async with served(here.app) as port:
        events, export = await Client.to(port), await Client.to(port)
        events.send("GET /events HTTP/1.1\nHost: here")
        export.send("GET /export HTTP/1.1\nHost: here")
        await until(lambda: here.opened.streams == 2)
        assert here.hold.in_flight == 2
        here.opened.end()
        assert (await events.reader.readuntil(b"\r\n0\r\n\r\n")).endswith(b"data: one\n\n\r\n0\r\n\r\n")
        await until(lambda: here.opened.streams == 1)
        assert here.ended == ["cancelled"]
        here.go.set()
        assert b"data: two" in await export.reader.readuntil(b"\r\n0\r\n\r\n")
        await until(lambda: len(here.opened) == 0)
        assert here.hold.in_flight == 0
        assert await events.get("/wait") == (200, b'"done"'), "its connection is in order"
        await events.close()
        await export.close()


async def test_random_ends_of_many_leave_nothing(service: Callable[[], Service]) -> None:
    here, rng = service(), random.Random(4)

    async def one(port: int) -> None:
        try:
            async with asyncio.timeout(rng.random() * 0.06):
                path = rng.choice(("echo", "talks"))
                async with connect(f"ws://127.0.0.1:{port}/{path}", close_timeout=0.1) as socket:
                    if path == "echo":  # who reads nothing would keep Uvicorn from seeing the close
                        await socket.send("x")
                    await asyncio.sleep(rng.random() * 0.03)
                    if rng.random() < 0.4:
                        socket.transport.abort()
        except (TimeoutError, InvalidStatus, ConnectionClosed, OSError):
            pass

    async def two(port: int) -> None:
        client = await Client.to(port)
        client.send("GET /events HTTP/1.1\nHost: here")
        await asyncio.sleep(rng.random() * 0.03)
        client.reset()

    async with served(here.app) as port:
        for _ in range(8):
            await asyncio.gather(*(rng.choice((one, two))(port) for _ in range(20)))
            if rng.random() < 0.3:
                here.opened.end()
        here.go.set()
        await until(lambda: len(here.opened) == 0)
        await until(lambda: here.hold.in_flight == 0)
