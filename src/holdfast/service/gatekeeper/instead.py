"""What the door answers in the app's place, when the app has not begun to."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.types import Receive, Scope, Send

from holdfast.loop.route import REQUEST_ID
from holdfast.service.identity import HEADER
from holdfast.service.problem import render
from holdfast.service.refusal import with_cors

__all__ = ["Instead"]


class Instead:
    """ASGI apps, with CORS headers where the app has CORS: `late` says 504, as the deadline has passed;
    `slow` says 408, as the body does not come, and ends the connection. A request that has an id is told it.
    """

    __slots__ = ("late", "slow")

    def __init__(self, user_middleware: Sequence[Middleware]) -> None:
        self.late = with_cors(_late, user_middleware)
        self.slow = with_cors(_slow, user_middleware)


async def _late(scope: Scope, receive: Receive, send: Send) -> None:
    await _answer(scope, send, "deadline", 504, "the deadline of this request has passed")


async def _slow(scope: Scope, receive: Receive, send: Send) -> None:
    closing = (b"connection", b"close")
    await _answer(scope, send, "incomplete", 408, "the body of this request did not come in time", closing)


async def _answer(
    scope: Scope, send: Send, word: str, status: int, detail: str, *more: tuple[bytes, bytes]
) -> None:
    request_id: bytes = scope.get(REQUEST_ID, b"")
    headers, body = render(word, status, detail, request_id=request_id.decode("ascii", "replace"))
    headers += more
    if request_id:
        headers.append((HEADER, request_id))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
