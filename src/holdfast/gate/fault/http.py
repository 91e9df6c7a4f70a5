"""HTTP/1.1 requests, counted with llhttp through httptools.

A call is counted when the first byte of its request arrives, whether or not the rest follows: an attempt
that is given up half-way has reached the dependency. After an upgrade (also an offered h2c, which the server
may ignore), CONNECT or anything that is no HTTP/1.1 the framer is `lost`.
"""

from __future__ import annotations

import httptools

__all__ = ["HttpFramer"]


class _Begun:
    """What the parser calls. Apart from the framer, so that parser and framer form no reference cycle."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0

    def on_message_begin(self) -> None:
        self.count += 1


class HttpFramer:
    """Counts the requests of one connection."""

    __slots__ = ("_begun", "_parser", "lost")

    def __init__(self) -> None:
        self._begun = _Begun()
        self._parser = httptools.HttpRequestParser(self._begun)
        self.lost = False

    def feed(self, data: bytes) -> int:
        """Return how many requests begin in `data`."""
        if self.lost:
            return 0
        begun = self._begun
        before = begun.count
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserUpgrade, httptools.HttpParserError):
            self.lost = True
        return begun.count - before
