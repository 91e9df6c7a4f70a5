"""A service with WebSockets and streams, which stay open until the test says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from starlette.responses import StreamingResponse

from holdfast import Holdfast
from holdfast.service.gatekeeper.opened import Opened
from tests.service.asgi import Answer, keep, one_message, scope

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


def begin(app: FastAPI, path: str) -> tuple[Answer, asyncio.Task[None]]:
    answer = Answer()
    return answer, asyncio.ensure_future(app(scope(path), one_message(b""), keep(answer)))
