"""Real servers that behave as told, on free ports, in the test's own loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import numpy as np
import uvloop

from holdfast.gate.drive import Plan, Records
from holdfast.gate.drive.session import run
from holdfast.gate.shape import RequestSpec, ScenarioSpec, catalogue

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter, bytes], Awaitable[None]]
"""Called once a request with its head; closing the writer ends the connection."""

T = TypeVar("T")

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


async def until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds; TimeoutError after 10 s."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for lies in other tasks and processes
            await asyncio.sleep(0.001)


async def hang(reader: asyncio.StreamReader) -> None:
    """Answer nothing until the client has gone."""
    await reader.read()


class Server:
    """A server whose connections and requests are counted."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.connections = 0
        self.open = 0
        self.heads: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self.open += 1
        try:
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                await self._answer(reader, writer, head)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            self.open -= 1
            writer.transport.abort()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await until(lambda: not self._tasks)


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[Server]:
    server = Server(answer)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, limit=2**20)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        await server.stop()
        with contextlib.suppress(asyncio.CancelledError):
            await listener.wait_closed()


def write(data: bytes) -> Answer:
    """Return an answer that is always `data`."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        writer.write(data)

    return answer


def write_and_close(data: bytes) -> Answer:
    """Return an answer that is `data` and the end of the connection."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        writer.write(data)
        await writer.drain()
        writer.close()

    return answer


def plan(
    port: int,
    at_ms: list[float],
    *specs: RequestSpec,
    timeout_s: float = 5.0,
    connections_max: int = 10,
    request: list[int] | None = None,
    idle_s: float = 5.0,
    connections_first: int = 0,
    waits: bool = True,
    scenarios: Sequence[ScenarioSpec] = (),
    closes: list[bool] | None = None,
) -> Plan:
    """Return a plan with arrivals at the given milliseconds, of the first request unless told."""
    requests = catalogue(
        specs or ([] if scenarios else [RequestSpec("GET /x")]),
        scenarios,
        authority=f"127.0.0.1:{port}",
        seed=1,
    )
    return Plan(
        host="127.0.0.1",
        port=port,
        timeout_s=timeout_s,
        connections_max=connections_max,
        requests=requests.payloads,
        at=np.array([round(ms * 1e6) for ms in at_ms], dtype=np.int64),
        request=np.array(request or [0] * len(at_ms), dtype=np.int32),
        idle_s=idle_s,
        connections_first=connections_first,
        waits=waits,
        closes=np.array(closes or [], dtype=np.bool_),
    )


def on_uvloop(main: Coroutine[Any, Any, T]) -> T:
    """Run a test's coroutine as the driver runs: on uvloop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


def drive_against(
    answer: Answer, at_ms: list[float], *specs: RequestSpec, **options: Any
) -> tuple[Records, Server]:
    """Drive arrivals against a server that answers so; the driver must leave no connection behind."""

    async def main() -> tuple[Records, Server]:
        async with serving(answer) as server:
            records = await run(plan(server.port, at_ms, *specs, **options))
            await until(lambda: not server.open)
            return records, server

    return on_uvloop(main())
