"""WebSockets at the door: admitted like a request, counted while they are open, closed politely."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from holdfast.errors import Shed
from holdfast.policy.admission.guard import AdmissionGuard
from holdfast.policy.admission.priority import NORMAL
from holdfast.policy.enforcement import ENFORCED, Enforcement
from holdfast.service.gatekeeper.opened import Opened
from holdfast.service.problem import render

__all__ = ["FULL", "RESTART", "WebSockets", "has_any"]

RESTART = 1012
"""Service restart: the client connects anew. https://www.iana.org/assignments/websocket/websocket.xhtml"""

_LATER = 1013
"""Try again later, from the same registry."""

FULL = "websockets"
"""The reason of a refusal because as many are open as may be."""

_DENIAL = "websocket.http.response"
"""The ASGI extension by which a handshake is answered like any request."""


def has_any(app: FastAPI) -> bool:
    """Whether `app` has a WebSocket route, as far as it lists them (mounted apps are not listed)."""
    return any(isinstance(c.original_route, WebSocketRoute) for c in iter_route_contexts(app.routes))


class WebSockets:
    """Passes WebSockets to `app`; belongs to one loop.

    The handshake is admitted as a request is and holds a permit until it is accepted or denied: that is the
    work. What is open then is idle most of the time and holds none; at most `limit` are open, None: counted
    only. `priority` is asked only when there is no room. `refused` is called with the reason of a refusal
    that admission has not told of; `enforcement` says how far `limit` goes.
    """

    __slots__ = ("_admission", "_app", "_enforcement", "_limit", "_opened", "_priority", "_refused")

    def __init__(
        self,
        app: ASGIApp,
        *,
        admission: AdmissionGuard,
        opened: Opened,
        limit: int | None,
        priority: Callable[[Scope], int] = lambda scope: NORMAL,
        refused: Callable[[str], None] = lambda reason: None,
        enforcement: Enforcement = ENFORCED,
    ) -> None:
        self._app = app
        self._admission = admission
        self._opened = opened
        self._limit = limit
        self._priority = priority
        self._refused = refused
        self._enforcement = enforcement

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one WebSocket."""
        full = self._limit is not None and self._opened.websockets >= self._limit
        if full and self._enforcement.acts("refuse", "full"):
            self._refused(FULL)
            await _deny(scope, receive, send)
            return
        admission = self._admission
        if not admission.try_enter():
            try:
                await admission.enter(self._priority(scope))
            except Shed:
                await _deny(scope, receive, send)
                return
        socket = _Socket(send, admission.leave)
        self._opened.enter(socket, websocket=True)
        try:
            await self._app(scope, receive, socket.send)
        finally:
            self._opened.leave(socket)
            socket.admitted()


class _Socket:
    """One WebSocket: gives its permit back when the handshake is over."""

    __slots__ = ("_accepted", "_closed", "_leave", "_send", "endable")

    def __init__(self, send: Send, leave: Callable[[], None]) -> None:
        self._send = send
        self._leave: Callable[[], None] | None = leave
        self._accepted = False
        self._closed = False
        self.endable = True

    async def send(self, message: Message) -> None:
        """Pass a message on. Raises OSError after `end`: Starlette makes a WebSocketDisconnect of it."""
        if self._closed:
            raise OSError("the service restarts: this WebSocket was closed")
        if not self._accepted:
            self._accepted = message["type"] == "websocket.accept"
            self.admitted()
        await self._send(message)

    def admitted(self) -> None:
        """The handshake is over."""
        leave, self._leave = self._leave, None
        if leave is not None:
            leave()

    async def end(self) -> None:
        """Close with 1012; the app learns of it as of any disconnect."""
        if not self._closed:
            self._closed = True
            await self._send({"type": "websocket.close", "code": RESTART, "reason": "service restart"})


async def _deny(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer the handshake with 503 where the server can, else close, which servers answer with 403."""
    await receive()
    if _DENIAL not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": _LATER})
        return
    detail = "more WebSockets are open, or more requests in flight, than this service can serve"
    headers, body = render("shed", 503, detail, retry_after=1)
    await send({"type": f"{_DENIAL}.start", "status": 503, "headers": headers})
    await send({"type": f"{_DENIAL}.body", "body": body})
