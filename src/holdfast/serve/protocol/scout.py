"""Whether bytes are one whole request: asked of the parser itself, and of nothing that only resembles it.

A comparison of bytes that took for a request what the parser takes for something else would answer where the
hop in front expects nothing, and every later answer on that connection would belong to another request. So
these bytes are read by llhttp too, by a parser of its own that reports nothing but a target and an end:
0.4 us, where the server's parser and its callback for each header cost ten times that.
"""

from __future__ import annotations

import httptools

__all__ = ["LONGEST", "Scout"]

LONGEST = 16384
"""Bytes of a request that is looked at here; one that is longer is none to be quick about."""

_END = b"\r\n\r\n"
_VERSION = b" HTTP/1.1\r\n"


class Scout:
    """Reads one whole request at a time; between two of them its parser is at the start of a message."""

    __slots__ = ("_ends", "_feed", "_keep_alive", "_target")

    def __init__(self) -> None:
        self._ends = 0
        self._target = b""
        self._renew()

    def sees(self, data: bytes) -> bytes:
        """Return the target if `data` is exactly one GET or HEAD request of HTTP/1.1, else b"".

        One without a body, and after which the connection goes on.
        """
        size = len(data)
        # One head, and nothing behind it: no body, no second request, no line that is left over.
        if data.find(_END) != size - 4 or size > LONGEST:
            return b""
        ends = self._ends
        self._target = b""
        try:
            self._feed(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._renew()
            return b""
        target = self._target
        if self._ends != ends + 1:
            self._renew()  # it stands somewhere within a message, or will not read another
            return b""
        start = 4 if data.startswith(b"GET ") else 5 if data.startswith(b"HEAD ") else size
        return target if data.startswith(_VERSION, start + len(target)) else b""

    def on_url(self, target: bytes) -> None:
        """Called by the parser, once for each message as none comes in parts."""
        # A second one is too many: the first may have ended, and the second be still to come.
        self._ends += 1 if self._target else 0
        self._target = target

    def on_message_complete(self) -> None:
        """Called by the parser, which forgets right after whether the connection goes on."""
        self._ends += 1 if self._keep_alive() else 3

    def _renew(self) -> None:
        parser = httptools.HttpRequestParser(self)
        self._feed = parser.feed_data
        self._keep_alive = parser.should_keep_alive
