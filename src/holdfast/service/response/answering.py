"""What is sent to a caller who may have it already, or wants only its head."""

from __future__ import annotations

import time

from starlette.types import Message, Scope, Send

from holdfast.clock import Now
from holdfast.policy.httpcache import dates
from holdfast.policy.httpcache.fields import Headers, values
from holdfast.policy.httpcache.validators import conditional, evaluate

__all__ = ["Answering"]

_LOCATION = b"content-location"
"""The one field of this kind that a 304 says again (RFC 9110, 15.4.5)."""


class Answering:
    """Of one GET or HEAD, outermost: a 200 becomes 304 or 412 where its conditions say so."""

    __slots__ = ("_asked", "_bodiless", "_method", "_send", "_wall", "started")

    def __init__(self, scope: Scope, send: Send, wall: Now = time.time) -> None:
        self._method = scope["method"]
        self._asked: Headers | None = scope["headers"] if conditional(scope["headers"]) else None
        self._send = send
        self._wall = wall
        self._bodiless = self._method == "HEAD"
        self.started = False

    async def send(self, message: Message) -> None:
        """Take a message of the answer, and pass on what the caller wants of it."""
        if message["type"] == "http.response.start":
            self.started = True
            await self._send(message if self._asked is None else self._judged(message, self._asked))
        elif not self._bodiless:
            await self._send(message)
        elif message["type"] != "http.response.body" or not message.get("more_body", False):
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def _judged(self, start: Message, asked: Headers) -> Message:
        headers, now = start["headers"], self._wall()
        tag = next(iter(values(headers, b"etag")), None)
        modified = [dates.read(line, now) for line in values(headers, b"last-modified")[:1]]
        if start["status"] != 200 or (tag is None and not any(modified)):
            return start
        status = evaluate(self._method, asked, tag=tag, modified=next(iter(modified), None), now=now)
        if status is None:
            return start
        self._bodiless = True
        if status == 304:
            return {**start, "status": 304, "headers": [pair for pair in headers if _is_of_304(pair[0])]}
        return {**start, "status": 412, "headers": [(b"content-length", b"0")]}


def _is_of_304(name: bytes) -> bool:
    return name == _LOCATION or not name.startswith(b"content-")
