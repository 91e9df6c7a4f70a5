"""One kept-alive connection: at most one request in flight, never pipelined."""

from __future__ import annotations

import asyncio
from time import monotonic_ns
from typing import TYPE_CHECKING, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from holdfast.gate.drive.flags import ASKS, CLOSES, LARGE, STREAMS
from holdfast.gate.drive.head import HEAD_MAX, MARK, close_delimited, final_head, keeps_alive, outcome, status
from holdfast.gate.drive.records import Cause

if TYPE_CHECKING:
    from holdfast.gate.drive.engine import Engine

__all__ = ["IDLE", "SPARE", "Connection"]

IDLE = -1
"""The `index` of a connection without a request."""

SPARE = -2
"""The `index` of a connection that is being opened for no request yet."""

LISTENING = -3
"""The `index` of a connection whose request is answered and whose answer goes on."""

# Reads up to this size are searched whole for the outcome's mark; of longer ones only the head, found first.
_SMALL = 2048


class Connection(asyncio.Protocol):
    """A connection and the request on it.

    `index` is the row of the request, IDLE without one. While a connection is being opened it has its first
    request already (whose latency then counts the opening) and `transport` is None. `since`: nanosecond
    offset of the last answer, for closing what has idled.
    """

    __slots__ = (
        "_complete",
        "_engine",
        "_feed",
        "_head",
        "_keep",
        "_later",
        "_parser",
        "_received",
        "_status",
        "_until_eof",
        "index",
        "opening",
        "since",
        "transport",
    )

    def __init__(self, engine: Engine, index: int) -> None:
        self._engine = engine
        self.index = index
        self.since = 0
        self.transport: asyncio.Transport | None = None
        self.opening: asyncio.Task[None] | None = None
        self._keep = False
        self._complete = False
        self._status = 0
        self._received = b""
        self._later: list[bytes] = []
        self._head = b""
        self._until_eof = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Write the request that the connection was opened for, if that still waits."""
        self.transport = cast("asyncio.Transport", transport)
        self._fresh_parser()
        self._engine.connected(self)

    def data_received(self, data: bytes) -> None:
        """Take the whole answer in one read where that is all there is; `_partly` has the other cases."""
        engine = self._engine
        now = monotonic_ns() - engine.start_ns
        index = self.index
        if index < 0:
            if index != LISTENING:
                self.drop()  # an answer to nothing: the next request must not take it for its own
            return
        try:
            self._feed(data)
        except (HttpParserError, HttpParserUpgrade):
            engine.ended(self, now, Cause.MALFORMED)
            return
        if not self._complete:
            self._partly(data, now)
            return
        code = self._status
        if self._received or code >= 400 or MARK in (data if len(data) <= _SMALL else _start(data)):
            engine.outcome[index] = self._outcome(data)
        engine.done[index] = now
        engine.status[index] = code
        if not self._keep or engine.special[index]:
            self._specially(index, data, now)
            return
        if self._received:
            self._begin()
        else:
            self._complete = False
        engine.freed(self, now)

    def on_message_complete(self) -> None:
        """Keep what httptools knows only now; interim answers are not the answer."""
        code = self._parser.get_status_code()
        if code >= 200:
            self._status = code
            self._keep = self._parser.should_keep_alive()
            self._complete = True

    def eof_received(self) -> None:
        """Leave the stack of free connections at once: nothing may be written here any more."""
        if self.index < 0:
            self._engine.lost_idle(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Complete an answer that ends with the connection; anything else in flight is lost."""
        engine = self._engine
        if self.index >= 0:
            now = monotonic_ns() - engine.start_ns
            if self._until_eof and error is None:
                index = self.index
                engine.outcome[index] = outcome(self._head)
                engine.ended(self, now, status(self._head))
                self._tell(index)
            else:
                engine.ended(self, now, Cause.RESET)
        # Parser and protocol hold each other; the collector is told to look rarely.
        del self._parser, self._feed
        engine.closed(self)

    def drop(self) -> None:
        """Close the connection now, whatever is on its way."""
        self.index = IDLE
        if self.transport is not None:
            self.transport.abort()
        elif self.opening is not None:
            self.opening.cancel()

    def _partly(self, data: bytes, now: int) -> None:
        """Go on with an answer that is not complete, as far as httptools can tell."""
        flags = self._engine.special[self.index]
        if self._head:
            if flags & STREAMS:
                self._streams(now)
            elif flags & ASKS:
                self._later.append(data)
            return
        self._received += data
        head = final_head(self._received)
        if head is None:
            if len(self._received) > HEAD_MAX:
                self._engine.ended(self, now, Cause.MALFORMED)
            return
        self._head = head
        if self._engine.is_head(self.index):
            self._answered_head(head, now)
        elif flags & STREAMS and not self._received.endswith(head + b"\r\n"):
            self._streams(now)
        else:
            self._until_eof = close_delimited(head)

    def _answered_head(self, head: bytes, now: int) -> None:
        """Finish a HEAD request: no body follows, though httptools waits for the one announced."""
        engine, index = self._engine, self.index
        engine.outcome[index] = outcome(head)
        if not keeps_alive(head) or not self._received.endswith(head + b"\r\n"):
            engine.ended(self, now, status(head))
            self._tell(index)
            return
        engine.done[index] = now
        engine.status[index] = status(head)
        self._fresh_parser()
        self._keep = True
        self._specially(index, b"", now)

    def _specially(self, index: int, data: bytes, now: int) -> None:
        """Finish an answer that ends the connection, or that somebody reads; the next request goes first."""
        flags = self._engine.special[index]
        asked = b"".join((self._received, *self._later, data)) if flags & ASKS else b""
        self._begin()
        if not self._keep or flags & CLOSES or (flags & LARGE and self._unsent()):
            self.drop()
        else:
            self._engine.freed(self, now)
        if asked:
            self._engine.answered(index, asked)

    def _streams(self, now: int) -> None:
        """Take the first bytes of a stream for its answer, and listen on for as long as its reader does."""
        engine, index = self._engine, self.index
        engine.outcome[index] = outcome(self._head)
        engine.done[index] = now
        engine.status[index] = status(self._head)
        self.index = LISTENING
        engine.listens(self, index)
        self._tell(index)

    def _tell(self, index: int) -> None:
        if self._engine.special[index] & ASKS:
            self._engine.answered(index, b"".join((self._received, *self._later)))

    def _outcome(self, data: bytes) -> int:
        head = self._head or final_head(self._received + data)
        return outcome(head) if head else 0

    def _unsent(self) -> bool:
        """Whether the answer came before the request was written: what is left would go out as the next."""
        return self.transport is None or self.transport.get_write_buffer_size() > 0

    def _begin(self) -> None:
        self._complete = False
        self._received = b""
        self._later = []
        self._head = b""
        self._until_eof = False

    def _fresh_parser(self) -> None:
        self._parser = HttpResponseParser(self)
        self._feed = self._parser.feed_data


def _start(data: bytes) -> bytes:
    """Return the head of a long read, all of it where the head does not end in it."""
    end = data.find(b"\r\n\r\n")
    return data[:end] if end >= 0 else data
