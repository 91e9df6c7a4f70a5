"""What stays open for longer than an answer takes: WebSockets, and answers without a known length.

They are counted while they are open, and whoever drains the loop can ask them to end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Protocol

from holdfast.clock import monotonic

__all__ = ["Open", "Opened", "Stream", "endless"]

_EVENTS = b"text/event-stream"


class Open(Protocol):
    """One of them."""

    @property
    def endable(self) -> bool:
        """Whether it can be ended without its client taking a part for the whole."""

    def end(self) -> Awaitable[None]:
        """End it politely."""


class Opened:
    """Belongs to one loop. `enter` and `leave` are called by who serves them."""

    __slots__ = ("_ending", "_streams", "_websockets")

    def __init__(self) -> None:
        self._streams: dict[Open, None] = {}
        self._websockets: dict[Open, None] = {}
        self._ending: set[asyncio.Future[None]] = set()

    def __len__(self) -> int:
        return len(self._streams) + len(self._websockets)

    def __iter__(self) -> Iterator[Open]:
        return iter((*self._streams, *self._websockets))

    @property
    def streams(self) -> int:
        """Streamed answers that are open; each is a request in flight as well."""
        return len(self._streams)

    @property
    def websockets(self) -> int:
        """WebSockets that are open; none is a request in flight."""
        return len(self._websockets)

    def enter(self, what: Open, *, websocket: bool = False) -> None:
        """Note that `what` is open."""
        (self._websockets if websocket else self._streams)[what] = None

    def leave(self, what: Open) -> None:
        """Note that it no longer is."""
        self._streams.pop(what, None)
        self._websockets.pop(what, None)

    def end(self) -> None:
        """Ask all to end that can be ended, so that their clients connect anew elsewhere.

        WebSockets end with 1012 ("service restart"), server-sent events after the last that was sent. A
        download that ended early would pass for a whole one: it goes on.
        """
        for what in self:
            if what.endable:
                ending = asyncio.ensure_future(what.end())
                self._ending.add(ending)
                ending.add_done_callback(self._ended)

    def _ended(self, ending: asyncio.Future[None]) -> None:
        self._ending.discard(ending)
        if not ending.cancelled():
            ending.exception()  # its client has left: that is an end too


class Stream:
    """A streamed answer among the opened; `end` ends it. `began`: when its first part came (monotonic)."""

    __slots__ = ("_opened", "began", "end", "endable")

    def __init__(self, opened: Opened, *, events: bool, end: Callable[[], Awaitable[None]]) -> None:
        self._opened = opened
        self.began = monotonic()
        self.end = end
        self.endable = events
        opened.enter(self)

    def close(self) -> None:
        """It is open no longer."""
        self._opened.leave(self)


def endless(headers: Sequence[tuple[bytes, bytes]]) -> tuple[bool, bool]:
    """Return whether an answer's headers do not tell its length, and whether it is a stream of events."""
    events = False
    for name, value in headers:
        lower = name.lower()
        if lower == b"content-length":
            return False, False
        if lower == b"content-type":
            events = value.lower().startswith(_EVENTS)
    return True, events
