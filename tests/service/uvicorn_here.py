"""A real Uvicorn on the test's own loop, and raw sockets to it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import uvicorn


@asynccontextmanager
async def served(app: Any, **options: Any) -> AsyncIterator[int]:
    """Serve `app`; yield the port."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, log_level="error", access_log=False, lifespan="on", ws="websockets-sansio", **options
    )
    server = uvicorn.Server(config)
    running = asyncio.ensure_future(server.serve(sockets=[listener]))
    try:
        await until(lambda: server.started or running.done())
        assert server.started
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await running
        listener.close()


class Client:
    """One raw connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def to(cls, port: int) -> Client:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    def send(self, head: str, body: bytes = b"") -> None:
        self.writer.write("\r\n".join([*head.split("\n"), "", ""]).encode() + body)

    async def get(self, path: str) -> tuple[int, bytes]:
        self.send(f"GET {path} HTTP/1.1\nHost: here")
        return await self.answer()

    async def answer(self) -> tuple[int, bytes]:
        """Return status and body of an answer with a content-length."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = next(int(line[15:]) for line in head.split("\r\n") if line.startswith("content-length:"))
        return int(head.split()[1]), await self.reader.readexactly(length)

    def reset(self) -> None:
        """Go without a word, as a client that was killed."""
        self.writer.transport.abort()

    async def close(self) -> None:
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()


async def until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait for a condition, with a bound that only a failure reaches."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not condition():
        assert loop.time() < end, "it never came to that"
        await asyncio.sleep(0.002)
