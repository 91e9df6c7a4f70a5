"""Sending less to whom it is no secret.

Whoever can have a page compressed that holds a secret beside words of his own reads the secret off its length
(BREACH, 2013). So only what says nothing of anybody is compressed: no request that tells who asks, no answer
that sets a cookie, hands out a token or is private. The compressing is Starlette's.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipResponder
from starlette.types import Message, Receive, Scope, Send

from holdfast.policy.httpcache.asking import Who, read
from holdfast.policy.httpcache.directives import parse
from holdfast.policy.httpcache.fields import combined, members
from holdfast.policy.httpcache.validators import weakened
from holdfast.policy.httpcache.vary import joined

__all__ = ["Compressing", "accepted"]

_LEAST = 500
"""Bytes, Starlette's own default: below that a header more costs what compressing saves."""

_LEVEL = 6
"""zlib's own default: half the time of Starlette's 9, for a hundredth more of bytes."""

_SECRET = ("set-cookie", "x-csrf-token", "x-xsrf-token", "csrf-token", "www-authenticate")
_FOR_ONE = ("private", "no-store", "no-transform")

RawHeaders = Sequence[tuple[bytes, bytes]]


def accepted(headers: RawHeaders) -> RawHeaders:
    """Return `headers` with Accept-Encoding as one of the two that it can mean here: gzip, or identity.

    So that an answer is stored twice at most, and not once for each order in which browsers name what they
    know.
    """
    asked = combined(headers, b"accept-encoding").lower()
    gzip = read(headers).who is Who.ANYBODY and any(_wants_gzip(member) for member in members(asked))
    rest = [pair for pair in headers if pair[0] != b"accept-encoding"]
    return [*rest, (b"accept-encoding", b"gzip" if gzip else b"identity")]


class Compressing:
    """Of one answer to a caller who accepts gzip."""

    __slots__ = ("_on", "_responder", "_send")

    def __init__(self, send: Send) -> None:
        self._send = send
        self._on = False
        self._responder = GZipResponder(_nothing, _LEAST, _LEVEL)
        self._responder.send = self._weakening

    async def send(self, message: Message) -> None:
        """Take a message of the answer and pass it on, compressed if it may be."""
        if message["type"] == "http.response.start":
            self._on = _may(message)
        await (self._responder.send_with_compression(message) if self._on else self._send(message))

    async def _weakening(self, message: Message) -> None:
        """An entity tag is of the bytes before; compressed they mean the same, and are others."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message["headers"])
            headers["vary"] = joined(*headers.getlist("vary"))
            if headers.get("content-encoding") == "gzip" and "etag" in headers:
                headers["etag"] = weakened(headers["etag"])
        await self._send(message)


def _may(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    said = parse(start["headers"])
    return not any(name in headers for name in _SECRET) and not any(word in said for word in _FOR_ONE)


def _wants_gzip(member: str) -> bool:
    coding, _, weight = member.partition(";")
    zero = weight.replace(" ", "").rstrip("0").rstrip(".") in ("q=", "q=0")
    return coding.strip() in ("gzip", "*") and not (weight and zero)


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer nothing: the responder is given its messages one by one."""
