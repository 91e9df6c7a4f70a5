"""Dependencies for the proxy to stand in front of, and what the process has open."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any


def open_files(*, collect: bool = True) -> int:
    """Count this process's file descriptors."""
    if collect:
        gc.collect()
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what another callback of this loop brings about."""
    while not condition():  # noqa: ASYNC110 - the code under test has no event for it
        await asyncio.sleep(0.005)


class Backend:
    """An HTTP/1.1 server that answers "hello", keeps connections, and counts what reaches it."""

    def __init__(self) -> None:
        self.requests = 0
        self.connections = 0
        self.body = b"hello"
        self._writers: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                for line in head.split(b"\r\n"):
                    if line.lower().startswith(b"content-length:"):
                        await reader.readexactly(int(line.split(b":")[1]))
                self.requests += 1
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(self.body) + self.body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()


@asynccontextmanager
async def backend() -> AsyncIterator[tuple[Backend, int]]:
    """Serve a Backend on a free port."""
    state = Backend()
    server = await asyncio.start_server(state.serve, "127.0.0.1", 0)
    try:
        yield state, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in tuple(state._writers):
            writer.transport.abort()
        await asyncio.sleep(0.01)


@asynccontextmanager
async def raw(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]],
) -> AsyncIterator[int]:
    """Serve with a handler of the test's own."""
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await serve(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.sleep(0.01)
