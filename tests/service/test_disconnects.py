"""The work for a client that has left ends, where the budget says so; behind a real Uvicorn."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import BackgroundTasks, FastAPI, Request
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.responses import Response, StreamingResponse

from holdfast import Holdfast, deadline
from holdfast.service.gatekeeper.watched import AHEAD
from holdfast.telemetry import process
from holdfast.telemetry.board import SlotCell
from holdfast.telemetry.buckets import FIRST_BUCKET
from tests.service.uvicorn_here import Client, served, until

pytestmark = pytest.mark.anyio

BUDGET = """
[service]
name = "test"
workers = 1
[admission]
limit = 64
queue = 0
[deadline]
default = "60s"
[disconnect]
cancel = [
  "GET /asks", "GET /watched", "POST /watched", "GET /stream", "GET /commit", "GET /thread", "GET /after",
]
"""


class Through(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)


class Service:
    """An app that waits and says what became of it."""

    def __init__(self, budget: Path, *, behind: bool, http: str) -> None:
        self.app = app = FastAPI()
        self.http = http
        self.said: list[str] = []
        self.go = asyncio.Event()
        self.thread_may_end = threading.Event()
        if behind:
            app.add_middleware(Through)

        @app.get("/watched")
        @app.get("/unwatched")
        async def wait() -> str:
            return await self.wait()

        @app.post("/watched")
        async def read(request: Request) -> int:
            self.said.append("begun")
            try:
                return len(await request.body())
            except BaseException as error:
                self.said.append(type(error).__name__)
                raise

        @app.get("/stream")
        async def stream() -> StreamingResponse:
            async def chunks() -> AsyncIterator[bytes]:
                yield b"first"
                await self.wait()

            return StreamingResponse(chunks())

        @app.get("/commit")
        async def commit() -> str:
            return await deadline.shield(self.wait())

        @app.get("/thread")
        def thread() -> str:
            self.said.append("begun")
            self.thread_may_end.wait(30)
            self.said.append("thread ended")
            return ""

        @app.get("/after")
        async def after(tasks: BackgroundTasks) -> str:
            tasks.add_task(self.wait)
            return "answered"

        @app.get("/asks")
        async def asks(request: Request) -> bool:
            return await request.is_disconnected()

        self.hold = Holdfast(app, budget=budget)

    async def wait(self) -> str:
        self.said.append("begun")
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.said.append("cancelled")
            raise
        self.said.append("done")
        return "done"

    def server(self) -> Any:
        return served(self.app, http=self.http)


@pytest.fixture(params=[("httptools", False), ("h11", True)], ids=["httptools", "h11, BaseHTTPMiddleware"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Service]:
    path = tmp_path / "holdfast.toml"
    path.write_text(BUDGET)
    http, behind = request.param
    return lambda: Service(path, behind=behind, http=http)


def gone() -> int:
    return process.slot().gauges[SlotCell.DISCONNECTS]


def counted() -> int:
    return sum(sum(cells[FIRST_BUCKET:]) for _, cells in process.slot().requests.rows())


async def test_the_work_ends_with_its_client(service: Callable[[], Service]) -> None:
    here = service()
    async with here.server() as port:
        before, samples = gone(), counted()
        client = await Client.to(port)
        client.send("GET /watched HTTP/1.1\nHost: here")
        await until(lambda: here.said == ["begun"])
        client.reset()
        await until(lambda: here.said == ["begun", "cancelled"])
        await until(lambda: here.hold.in_flight == 0)
        assert gone() == before + 1
    assert counted() == samples, "its latency is no sample"


async def test_elsewhere_it_goes_on(service: Callable[[], Service]) -> None:
    here = service()
    async with here.server() as port:
        before = gone()
        client = await Client.to(port)
        client.send("GET /unwatched HTTP/1.1\nHost: here")
        await until(lambda: here.said == ["begun"])
        client.reset()
        await asyncio.sleep(0.1)
        here.go.set()
        await until(lambda: here.said == ["begun", "done"])
        assert gone() == before


async def test_who_stays_is_served_on_one_connection(service: Callable[[], Service]) -> None:
    """Requests one after the other: what is read ahead of the app is never the next request's."""
    here = service()
    here.go.set()
    async with here.server() as port:
        before = gone()
        client = await Client.to(port)
        for number in range(5):
            assert await client.get("/watched") == (200, b'"done"')
            body = b"x" * number * 10_000
            client.send(f"POST /watched HTTP/1.1\nHost: here\nContent-Length: {len(body)}", body)
            assert await client.answer() == (200, str(len(body)).encode())
            assert await client.get("/asks") == (200, b"false")
        await client.close()
        await until(lambda: here.hold.in_flight == 0)
        assert gone() == before


async def test_a_body_arrives_whole_however_it_is_sent(service: Callable[[], Service]) -> None:
    here = service()
    async with here.server() as port:
        client = await Client.to(port)
        size = 5 * AHEAD + 17
        client.send(f"POST /watched HTTP/1.1\nHost: here\nContent-Length: {size}")
        for sent in range(0, size, 9000):
            client.writer.write(b"x" * min(9000, size - sent))
            await client.writer.drain()
            await asyncio.sleep(0)
        assert await client.answer() == (200, str(size).encode())
        client.send("POST /watched HTTP/1.1\nHost: here\nContent-Length: 3\nExpect: 100-continue")
        assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.writer.write(b"abc")
        assert await client.answer() == (200, b"3")
        await client.close()


async def test_who_leaves_with_half_a_body_ends_it(service: Callable[[], Service]) -> None:
    here = service()
    async with here.server() as port:
        before = gone()
        client = await Client.to(port)
        client.send("POST /watched HTTP/1.1\nHost: here\nContent-Length: 1000000", b"x" * 1000)
        await until(lambda: here.said == ["begun"])
        client.reset()
        await until(lambda: len(here.said) == 2)
        assert here.said[1] in ("CancelledError", "ClientDisconnect")
        await until(lambda: here.hold.in_flight == 0)
        assert gone() == before + 1


async def test_a_stream_ends_with_its_client(service: Callable[[], Service]) -> None:
    here = service()
    async with here.server() as port:
        client = await Client.to(port)
        client.send("GET /stream HTTP/1.1\nHost: here")
        await client.reader.readuntil(b"first")
        client.reset()
        await until(lambda: here.said == ["begun", "cancelled"])
        await until(lambda: here.hold.in_flight == 0)


async def test_a_shielded_write_finishes_all_the_same(service: Callable[[], Service]) -> None:
    here = service()
    async with here.server() as port:
        client = await Client.to(port)
        client.send("GET /commit HTTP/1.1\nHost: here")
        await until(lambda: here.said == ["begun"])
        before = gone()
        client.reset()
        await asyncio.sleep(0.1)
        assert here.hold.in_flight == 1
        here.go.set()
        await until(lambda: here.hold.in_flight == 0)
        assert here.said == ["begun", "done"]
        assert gone() == before + 1


async def test_a_thread_is_waited_for(service: Callable[[], Service]) -> None:
    here = service()
    async with here.server() as port:
        client = await Client.to(port)
        client.send("GET /thread HTTP/1.1\nHost: here")
        await until(lambda: here.said == ["begun"])
        client.reset()
        await asyncio.sleep(0.1)
        assert here.hold.in_flight == 1
        here.thread_may_end.set()
        await until(lambda: here.hold.in_flight == 0)
        assert here.said == ["begun", "thread ended"]


async def test_what_runs_after_the_answer_is_not_the_client_s(service: Callable[[], Service]) -> None:
    here = service()
    async with here.server() as port:
        client = await Client.to(port)
        before = gone()
        client.send("GET /after HTTP/1.1\nHost: here")
        assert await client.answer() == (200, b'"answered"')
        await until(lambda: here.said == ["begun"])
        client.reset()
        await asyncio.sleep(0.1)
        here.go.set()
        await until(lambda: here.said == ["begun", "done"])
        assert gone() == before


async def test_hundreds_of_clients_that_leave_at_random_leave_nothing(service: Callable[[], Service]) -> None:
    here = service()
    rng = random.Random(9)

    async def one(port: int) -> None:
        client = await Client.to(port)
        body = b"x" * rng.randrange(3000)
        what = rng.choice(
            (
                ("GET /watched HTTP/1.1\nHost: here", b""),
                ("GET /stream HTTP/1.1\nHost: here", b""),
                (f"POST /watched HTTP/1.1\nHost: here\nContent-Length: {len(body) + 1}", body),
            )
        )
        client.send(*what)
        await asyncio.sleep(rng.random() * 0.02)
        if rng.random() < 0.5:
            client.reset()
        else:
            await client.close()

    async with here.server() as port:
        await asyncio.sleep(0)
        idle = len(asyncio.all_tasks())
        for _ in range(10):
            await asyncio.gather(*(one(port) for _ in range(30)))
        await until(lambda: here.hold.in_flight == 0)
        await until(lambda: len(asyncio.all_tasks()) <= idle)
        here.go.set()
        client = await Client.to(port)
        assert await client.get("/watched") == (200, b'"done"')
        await client.close()
