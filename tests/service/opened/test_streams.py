"""What is a stream, and how long it took."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.responses import FileResponse, Response

from holdfast import Holdfast
from holdfast.clock import monotonic
from holdfast.service.gatekeeper.opened import Opened
from holdfast.telemetry import process
from holdfast.telemetry.buckets import SUM_NS
from tests.service.asgi import call, lifespan
from tests.service.opened.service import Service, begin
from tests.service.uvicorn_here import until

pytestmark = pytest.mark.anyio


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
