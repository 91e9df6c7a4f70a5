"""A payment provider that behaves as told: a real server on a real port, in a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass
class Seen:
    """A request as it arrived; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Behaviour = Callable[["Exchange"], Awaitable[None]]


@dataclass
class Exchange:
    """One request and the ways to answer it."""

    seen: Seen
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def answer(self, status: int = 200, body: bytes = b"fine", **headers: str) -> None:
        lines = [f"HTTP/1.1 {status} Said", f"content-length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await self.writer.drain()


async def fine(exchange: Exchange) -> None:
    await exchange.answer()


async def blackhole(exchange: Exchange) -> None:
    """Says nothing until the other side is gone."""
    await exchange.reader.read(1)


async def stuck_body(exchange: Exchange) -> None:
    """Sends headers and half of the body, then nothing."""
    exchange.writer.write(b"HTTP/1.1 200 Said\r\ncontent-length: 10\r\n\r\nhalf.")
    await exchange.reader.read(1)


async def reset(exchange: Exchange) -> None:
    """Sends a RST in place of an answer."""
    sock = exchange.writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    exchange.writer.transport.abort()


async def hang_up(exchange: Exchange) -> None:
    """Closes the connection without an answer."""
    exchange.writer.close()


def slow(seconds: float) -> Behaviour:
    async def behave(exchange: Exchange) -> None:
        await asyncio.sleep(seconds)
        await exchange.answer()

    return behave


def status(code: int, **headers: str) -> Behaviour:
    async def behave(exchange: Exchange) -> None:
        await exchange.answer(code, b"no", **headers)

    return behave


@dataclass
class Provider:
    """Behaves by `script`, one behaviour a request, then by `default`."""

    default: Behaviour = fine
    script: list[Behaviour] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    open: int = 0
    connections: int = 0

    def __enter__(self) -> Self:
        self._sock = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._sock.getsockname()[1]}"
        started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main(started)), daemon=True)
        self._thread.start()
        assert started.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def refuse(self) -> None:
        """Let nobody connect any more."""
        asyncio.run_coroutine_threadsafe(self._refuse(), self._loop).result(10)

    async def _refuse(self) -> None:
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()

    async def _main(self, started: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server = await asyncio.start_server(self._serve, sock=self._sock)
        started.set()
        await self._stop.wait()
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        self._writers.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                method, path, _ = head[0].split(" ")
                headers = {n.lower(): v for n, v in (line.split(": ", 1) for line in head[1:-2])}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.seen.append(Seen(method, path, headers, body))
                behave = self.script.pop(0) if self.script else self.default
                await behave(Exchange(self.seen[-1], reader, writer))
                if writer.is_closing():
                    return
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.open -= 1
            self._writers.discard(writer)
            writer.close()
