"""What stays open: WebSockets and streams are counted, refused when there are too many, ended politely."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.responses import FileResponse, Response, StreamingResponse
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from holdfast import Holdfast
from holdfast.clock import monotonic
from holdfast.service.gatekeeper.opened import Opened
from holdfast.telemetry import process
from holdfast.telemetry.buckets import SUM_NS
from tests.service.asgi import Answer, call, keep, lifespan, one_message, scope
from tests.service.uvicorn_here import Client, served, until

pytestmark = pytest.mark.anyio

BUDGET = """
[service]
name = "test"
workers = 1
[admission]
limit = 4
queue = 0
wait = "0s"
[websocket]
limit = 3
"""


class Service:
    def __init__(self, budget: Path) -> None:
        self.app = app = FastAPI()
        self.ended: list[str] = []
        self.may_accept = asyncio.Event()
        self.may_accept.set()
        self.go = asyncio.Event()

        @app.websocket("/echo")
        async def echo(websocket: WebSocket) -> None:
            await self.may_accept.wait()
            await websocket.accept()
            try:
                while True:
                    await websocket.send_text(await websocket.receive_text())
            except WebSocketDisconnect as end:
                self.ended.append(str(end.code))

        @app.websocket("/talks")
        async def talks(websocket: WebSocket) -> None:
            await websocket.accept()
            try:
                while True:
                    await websocket.send_text("tick")
                    await asyncio.sleep(0.005)
            except WebSocketDisconnect:
                self.ended.append("told")

        @app.websocket("/denies")
        async def denies(websocket: WebSocket) -> None:
            await websocket.close(1008)

        @app.websocket("/fails")
        async def fails(websocket: WebSocket) -> None:
            raise RuntimeError("no")

        async def events() -> AsyncIterator[bytes]:
            yield b"data: one\n\n"
            try:
                await self.go.wait()
            except asyncio.CancelledError:
                self.ended.append("cancelled")
                raise
            yield b"data: two\n\n"

        @app.get("/events")
        async def sse() -> StreamingResponse:
            return StreamingResponse(events(), media_type="text/event-stream")

        @app.get("/export")
        async def export() -> StreamingResponse:
            return StreamingResponse(events(), media_type="text/csv")

        @app.get("/wait")
        async def wait() -> str:
            await self.go.wait()
            return "done"

        self.hold = Holdfast(app, budget=budget)

    @property
    def opened(self) -> Opened:
        running = self.hold._running
        assert running is not None
        return running.beside.opened


@pytest.fixture
def service(tmp_path: Path) -> Callable[[], Service]:
    path = tmp_path / "holdfast.toml"
    path.write_text(BUDGET)
    return lambda: Service(path)


def begin(app: FastAPI, path: str) -> tuple[Answer, asyncio.Task[None]]:
    answer = Answer()
    return answer, asyncio.ensure_future(app(scope(path), one_message(b""), keep(answer)))


async def test_a_stream_s_latency_is_that_of_its_first_part(service: Callable[[], Service]) -> None:
    here = service()
    before = seconds("GET /export")
    async with lifespan(here.app):
        began = monotonic()
        answer, task = begin(here.app, "/export")
        await until(lambda: bool(answer.body))
        first = monotonic()
        await asyncio.sleep(0.05)
        here.go.set()
        await task
    assert 0 < seconds("GET /export") - before <= first - began


def seconds(route: str) -> float:
    """Return the seconds that requests of a route took so far, in all."""
    rows = process.slot().requests.rows()
    return sum(cells[SUM_NS] / 1e9 for name, cells in rows if name.startswith(f"{route}\t"))


async def test_open_websockets_are_counted_and_hold_no_permit(service: Callable[[], Service]) -> None:
    here = service()
    async with served(here.app) as port:
        address = f"ws://127.0.0.1:{port}"
        async with connect(f"{address}/echo") as one, connect(f"{address}/echo") as two:
            for socket in (one, two):
                await socket.send("hello")
                assert await socket.recv() == "hello"
            assert (here.opened.websockets, here.hold.in_flight) == (2, 0)
        await until(lambda: here.opened.websockets == 0)


async def test_beyond_the_limit_a_handshake_is_answered_503(service: Callable[[], Service]) -> None:
    here = service()
    before = dict(process.slot().refused.rows())
    async with served(here.app) as port:
        address = f"ws://127.0.0.1:{port}"
        sockets = [await connect(f"{address}/echo") for _ in range(3)]
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{address}/echo")
        assert refused.value.response.status_code == 503
        assert refused.value.response.headers["holdfast-outcome"] == "shed"
        assert int(refused.value.response.headers["retry-after"]) >= 1
        await sockets.pop().close()
        await until(lambda: here.opened.websockets == 2)
        sockets.append(await connect(f"{address}/echo"))
        for socket in sockets:
            await socket.close()
        await until(lambda: len(here.opened) == 0)
    rows = dict(process.slot().refused.rows())
    assert sum(cells[0] for name, cells in rows.items() if name.startswith("websockets")) == 1 + sum(
        cells[0] for name, cells in before.items() if name.startswith("websockets")
    )


async def test_without_a_limit_they_are_counted_and_it_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "holdfast.toml"
    path.write_text(BUDGET.replace("[websocket]\nlimit = 3\n", ""))
    here = Service(path)
    with caplog.at_level("WARNING", "holdfast"):
        async with served(here.app) as port:
            sockets = [await connect(f"ws://127.0.0.1:{port}/echo") for _ in range(6)]
            assert here.opened.websockets == 6
            for socket in sockets:
                await socket.close()
    assert "websocket.limit" in caplog.text


async def test_a_full_house_takes_no_handshake_and_a_handshake_is_a_place_in_it(
    service: Callable[[], Service],
) -> None:
    here = service()
    async with served(here.app) as port:
        address = f"ws://127.0.0.1:{port}/echo"
        here.may_accept.clear()
        waiting = asyncio.ensure_future(connect(address).__aenter__())
        await until(lambda: here.hold.in_flight == 1)
        requests = [begin(here.app, "/wait") for _ in range(3)]
        await until(lambda: here.hold.in_flight == 4)
        with pytest.raises(InvalidStatus) as refused:
            await connect(address)
        assert refused.value.response.status_code == 503
        here.may_accept.set()
        socket = await waiting
        assert here.hold.in_flight == 3, "accepted, it gives its place back"
        here.go.set()
        await asyncio.gather(*(task for _, task in requests))
        await socket.close()
        await until(lambda: len(here.opened) == 0)
        assert here.hold.in_flight == 0


async def test_denied_and_failed_handshakes_leave_nothing(service: Callable[[], Service]) -> None:
    here = service()
    async with served(here.app) as port:
        for path, status in (("denies", 403), ("fails", 500), ("nowhere", 403)) * 3:
            with pytest.raises(InvalidStatus) as denied:
                await connect(f"ws://127.0.0.1:{port}/{path}")
            assert denied.value.response.status_code == status
            await until(lambda: len(here.opened) == 0)
        assert here.hold.in_flight == 0


async def test_where_the_server_cannot_answer_the_handshake_is_closed(service: Callable[[], Service]) -> None:
    here = service()
    sent: list[dict[str, Any]] = []
    inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    inbox.put_nowait({"type": "websocket.connect"})

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async with lifespan(here.app):
        requests = [begin(here.app, "/wait") for _ in range(4)]
        await until(lambda: here.hold.in_flight == 4)
        asked = {"type": "websocket", "path": "/echo", "headers": [], "extensions": {}, "subprotocols": []}
        await here.app(asked, inbox.get, send)  # type: ignore[arg-type]
        assert sent == [{"type": "websocket.close", "code": 1013}]
        here.go.set()
        await asyncio.gather(*(task for _, task in requests))


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


async def test_an_answer_of_known_length_is_no_stream(tmp_path: Path) -> None:
    """Behind BaseHTTPMiddleware every answer is sent in parts, and a file always is."""

    class Through(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
            return await call_next(request)

    app = FastAPI()
    app.add_middleware(Through)
    file = tmp_path / "file.bin"
    file.write_bytes(b"x" * 300_000)
    ever: list[int] = []

    @app.get("/plain")
    async def plain() -> str:
        return "plain"

    @app.get("/file")
    async def whole() -> FileResponse:
        return FileResponse(file)

    hold = Holdfast(app)
    async with lifespan(app):
        running = hold._running
        assert running is not None
        opened = running.beside.opened
        enter = Opened.enter

        def noted(self: Opened, what: Any, *, websocket: bool = False) -> None:
            ever.append(1)
            enter(self, what, websocket=websocket)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Opened, "enter", noted)
            assert (await call(app, "/plain")).body == b'"plain"'
            assert len((await call(app, "/file")).body) == 300_000
        assert ever == []
        assert len(opened) == 0


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
