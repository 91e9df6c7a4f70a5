"""Counting what passes, around an app whose server does not tell: Granian serves in another language.

Also what that server cannot do in a drain: end kept-alive connections with their answer, and close websockets
with a reason.
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["RESTART", "Traffic"]

RESTART = 1012
"""The close code for "service restart" (IANA's registry of RFC 6455); Uvicorn's too."""

_NORMAL = 1000
_CLOSE = (b"connection", b"close")


class Traffic:
    """An ASGI app around `app`; `state` is the lifespan's, which every scope gets a copy of.

    `total` counts requests and websockets from the start.
    """

    __slots__ = ("_app", "_closing", "_state", "_tasks", "_websockets", "total")

    def __init__(self, app: ASGIApp, state: dict[str, Any]) -> None:
        self._app = app
        self._state = state
        self._tasks: set[asyncio.Task[Any] | None] = set()
        self._websockets: set[_Websocket] = set()
        self._closing = False
        self.total = 0

    def __len__(self) -> int:
        """Return how many are in flight; any thread may ask."""
        return len(self._tasks)

    def close_kept_alive(self) -> None:
        """From here on every answer ends its connection."""
        self._closing = True

    async def close_websockets(self) -> None:
        """Close every websocket with `RESTART`."""
        for websocket in list(self._websockets):
            await websocket.close()

    def cancel(self) -> int:
        """Cancel what is left; returns how many that were."""
        for task in self._tasks:
            if task is not None:
                task.cancel("the graceful timeout is over")
        return len(self._tasks)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request or a websocket on to the app."""
        if self._state:
            scope["state"] = self._state.copy()
        task = asyncio.current_task()
        self._tasks.add(task)
        self.total += 1
        try:
            if scope["type"] == "websocket":
                await self._websocket(scope, receive, send)
            elif scope["http_version"] == "2":  # it has no such header: the server says goodbye by a frame
                await self._app(scope, receive, send)
            else:
                await self._app(scope, receive, _Closing(self, send).send)
        finally:
            self._tasks.discard(task)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        websocket = _Websocket(receive, send)
        self._websockets.add(websocket)
        try:
            await self._app(scope, websocket.receive, websocket.send)
        finally:
            self._websockets.discard(websocket)

    @property
    def closing(self) -> bool:
        """Whether answers end their connections."""
        return self._closing


class _Closing:
    """Adds `connection: close` to an answer that starts while the worker drains."""

    __slots__ = ("_send", "_traffic")

    def __init__(self, traffic: Traffic, send: Send) -> None:
        self._traffic = traffic
        self._send = send

    def send(self, message: Message) -> Any:
        if message["type"] == "http.response.start" and self._traffic.closing:
            message = {**message, "headers": [*message.get("headers", ()), _CLOSE]}
        return self._send(message)


class _Websocket:
    """A websocket that somebody else than its reader may close.

    Granian keeps a close waiting for as long as somebody reads: the reading is cancelled first, and its
    reader is told of the end by us, once it is sent: Granian closes without a reason for an app that returns.
    """

    __slots__ = ("_closed", "_open", "_reading", "_receive", "_send", "_sent")

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._open = False
        self._closed = 0
        self._sent = asyncio.Event()
        self._reading: asyncio.Future[Message] | None = None

    async def receive(self) -> Message:
        if not self._closed:
            reading = self._reading = asyncio.ensure_future(self._receive())
            try:
                await asyncio.wait((reading,))
            finally:
                self._reading = None
                if not reading.done():
                    reading.cancel()
            if not reading.cancelled():
                return reading.result()
        await self._sent.wait()
        return {"type": "websocket.disconnect", "code": self._closed, "reason": ""}

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if self._closed:
            return
        if kind == "websocket.accept":
            self._open = True
        elif kind == "websocket.close":
            self._closed = message.get("code") or _NORMAL
            try:
                if self._reading is not None:
                    self._reading.cancel()
                    await asyncio.wait((self._reading,))
                await self._send(message)
            finally:
                self._sent.set()
            return
        await self._send(message)

    async def close(self) -> None:
        if self._open and not self._closed:
            await self.send({"type": "websocket.close", "code": RESTART, "reason": "service restart"})
