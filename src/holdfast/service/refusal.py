"""Refusing at the door: the whole answer, before any work, in a way that reaches the client.

A refusal of a request whose body is still on its way must not simply close: the kernel answers the bytes
that come in after the close with a reset, and the reset eats the 503 (20 of 30 clients saw it with a 4 MB
body). So the answer is sent, a bounded part of the body is read and dropped, and only then is the
connection closed. A request without a body keeps its connection, and so does one with a small body of known
length: the server reads over it on its way to the next request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from holdfast.service.problem import Headers, render

__all__ = ["DRAIN_BYTES", "DRAIN_SECONDS", "SMALL", "refuser"]

SMALL = 64 << 10
"""Bytes of a body that are cheaper to read over than a new connection: what a socket holds anyway."""

DRAIN_BYTES = 1 << 20
DRAIN_SECONDS = 1.0
"""How much of an unwanted body is read, and for how long, before the connection is closed."""

_SPREAD = (1, 2, 3)
"""Retry-After values in seconds, in turn: one value for all would bring everyone back in the same second. It
cannot say less than 1 (RFC 9110, 10.2.3), and whoever waits longer than a page takes does not come back."""


class _Refuser:
    """An ASGI app that only refuses; its answers are rendered in advance."""

    __slots__ = ("_answers", "_turn")

    def __init__(self) -> None:
        detail = "more requests are in flight than this service can serve in time"
        self._answers = [render("shed", 503, detail, retry_after=seconds) for seconds in _SPREAD]
        self._turn = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 503."""
        headers, body = self._answers[self._turn]
        self._turn = (self._turn + 1) % len(self._answers)
        if _small(scope["headers"]):
            await send({"type": "http.response.start", "status": 503, "headers": headers})
            await send({"type": "http.response.body", "body": body})
            return
        closing: Headers = [*headers, (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 503, "headers": closing})
        await send({"type": "http.response.body", "body": body, "more_body": True})
        await _drain(receive)
        await send({"type": "http.response.body", "body": b""})


def _small(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    """Whether the request has no body, or a small one whose length is known."""
    for name, value in headers:
        if name == b"transfer-encoding":
            return False
        if name == b"content-length":
            return value.isdigit() and int(value) <= SMALL
    return True


async def _drain(receive: Receive) -> None:
    """Read and drop the body, at most `DRAIN_BYTES` of it and for `DRAIN_SECONDS`."""
    left = DRAIN_BYTES
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            while left > 0:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return
                left -= len(message.get("body", b""))
    except TimeoutError:
        return


def refuser(user_middleware: Sequence[Middleware]) -> ASGIApp:
    """Return the app that refuses, with CORS headers where the app has CORS: a browser shows a script nothing
    of an answer without them, not even its status."""
    refusing: ASGIApp = _Refuser()
    for middleware in user_middleware:
        make: Any = middleware.cls
        if make == CORSMiddleware:  # not "is": a type checker would then hold it to that constructor
            refusing = make(refusing, *middleware.args, **middleware.kwargs)
    return refusing
