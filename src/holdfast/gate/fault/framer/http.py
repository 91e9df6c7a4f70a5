"""HTTP/1.1 requests, counted with llhttp through httptools.

A call is counted when the first byte of its request arrives, whether or not the rest follows: an attempt
that is given up half-way has reached the dependency. After an upgrade (also an offered h2c, which the server
may ignore), CONNECT or anything that is no HTTP/1.1 the framer is `lost`.
"""

from __future__ import annotations

import httptools

__all__ = ["HttpFramer"]

_REFUSAL = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"


class _Seen:
    """What the parser calls. Apart from the framer, so that parser and framer form no reference cycle."""

    __slots__ = ("begun", "ended")

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0

    def on_message_begin(self) -> None:
        self.begun += 1

    def on_message_complete(self) -> None:
        self.ended += 1


class HttpFramer:
    """Counts the requests of one connection."""

    __slots__ = ("_ended", "_parser", "_seen", "lost")

    def __init__(self) -> None:
        self._seen = _Seen()
        self._parser = httptools.HttpRequestParser(self._seen)
        self._ended = 0  # in the bytes fed last
        self.lost = False

    def feed(self, data: bytes) -> int:
        """Return how many requests begin in `data`."""
        if self.lost:
            return 0
        seen = self._seen
        begun, ended = seen.begun, seen.ended
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserUpgrade, httptools.HttpParserError):
            self.lost = True
        self._ended = seen.ended - ended
        return seen.begun - begun

    @property
    def between(self) -> bool:
        """Whether no request is half said."""
        return self._seen.begun == self._seen.ended

    def refusal(self, said: bytes) -> bytes:
        """Return a 503 for each request that ended."""
        return _REFUSAL * self._ended
