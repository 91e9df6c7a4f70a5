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
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from holdfast.service.problem import Headers, render

__all__ = [
    "DRAIN_BYTES",
    "DRAIN_SECONDS",
    "SMALL",
    "Answer",
    "Answers",
    "answers",
    "reads_over",
    "refuser",
    "with_cors",
]

SMALL = 64 << 10
"""Bytes of a body that are cheaper to read over than a new connection: what a socket holds anyway."""

_OF_BODIES = frozenset((b"content-length", b"transfer-encoding"))
_OF_ENDS = frozenset((b"connection", b"proxy-connection"))
"""Headers that end a connection: llhttp reads the second as the first."""

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
        if reads_over(scope.get("http_version", "1.1"), scope["headers"]):
            await send({"type": "http.response.start", "status": 503, "headers": headers})
            await send({"type": "http.response.body", "body": body})
            return
        closing: Headers = [*headers, (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 503, "headers": closing})
        await send({"type": "http.response.body", "body": body, "more_body": True})
        await _drain(receive)
        await send({"type": "http.response.body", "body": b""})


def reads_over(http_version: str, headers: Sequence[tuple[bytes, bytes]]) -> bool:
    """Whether the server comes to the next request by itself: there is no body, or a small one to read over.

    Not so where the connection ends anyway, and where the client waits for 100-continue: told no instead, it
    may send the body or not, and only closing is clear to both sides.
    """
    for name, _ in headers:
        if name in _OF_BODIES:
            break
    else:
        return True  # nearly always: no body
    size, ends = 0, http_version != "1.1"
    for name, value in headers:
        if name == b"transfer-encoding":
            return False
        if name == b"content-length":
            size = int(value) if value.isdigit() else SMALL + 1
        elif name == b"expect" or (name in _OF_ENDS and b"close" in value.lower()):
            ends = True
    return size == 0 or (size <= SMALL and not ends)


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
    """Return the app that refuses, with CORS headers where the app has CORS."""
    return with_cors(_Refuser(), user_middleware)


def with_cors(answer: ASGIApp, user_middleware: Sequence[Middleware]) -> ASGIApp:
    """Return `answer` with CORS headers if there is such middleware: a browser shows a script nothing of an
    answer without them, not even its status."""
    for middleware in user_middleware:
        make: Any = middleware.cls
        if make == CORSMiddleware:  # not "is": a type checker would then hold it to that constructor
            answer = make(answer, *middleware.args, **middleware.kwargs)
    return answer


def answers(refuse: ASGIApp) -> Answers:
    """Return the answers of what `refuser` made."""
    return Answers(refuse, cors=not isinstance(refuse, _Refuser))


Answer = tuple[Headers, bytes]
"""Headers and body."""

_ORIGINS = 64
"""Origins whose answers are kept: whoever invents origins must not make the process grow."""


class Answers:
    """The same refusals for who writes them to the wire himself; taken from the app that refuses in ASGI.

    `refuse` is that app, `cors` whether its answers depend on the Origin of a request.
    """

    __slots__ = ("_made", "_refuse", "cors", "plain")

    def __init__(self, refuse: ASGIApp, *, cors: bool) -> None:
        self._refuse = refuse
        self._made: dict[bytes, tuple[Answer, ...]] = {}
        self.cors = cors
        self.plain = self._asked([])
        """One for each value of Retry-After: given in turn, they spread the return of the refused."""

    def to(self, origin: bytes) -> tuple[Answer, ...]:
        """Return the answers to requests with this Origin."""
        found = self._made.get(origin)
        if found is None:
            found = self._asked([(b"origin", origin)])
            if len(self._made) < _ORIGINS:
                self._made[origin] = found
        return found

    def _asked(self, headers: Headers) -> tuple[Answer, ...]:
        return tuple(_answer(self._refuse, headers) for _ in _SPREAD)


def _answer(refuse: ASGIApp, headers: Headers) -> Answer:
    """Ask the app that refuses, which has nothing to wait for when there is no body."""
    sent: list[Any] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
    asked: Any = refuse(scope, receive, send)
    try:
        asked.send(None)
    except StopIteration:
        return list(sent[0]["headers"]), b"".join(message.get("body", b"") for message in sent[1:])
    asked.close()
    raise RuntimeError("a refusal had to wait")
