"""A line on which bytes travel for a while, in order.

As netem does on a real line, every chunk is delayed by its own time but never overtakes the one before it:
a long answer is late once, not once a chunk.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

__all__ = ["END", "Line"]

END = b""
"""What is put on the line when the sender has finished."""

_EARLY = 0.001
"""uvloop's timers have milliseconds: one that fires this much early counts as due."""


class Line:
    """Holds chunks until they are due, then hands them to `deliver`. Timers run on `loop`."""

    __slots__ = ("_chunks", "_deliver", "_loop", "_timer", "size")

    def __init__(self, loop: asyncio.AbstractEventLoop, deliver: Callable[[bytes], None]) -> None:
        self._loop = loop
        self._deliver = deliver
        self._chunks: deque[tuple[float, bytes]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self.size = 0

    def __bool__(self) -> bool:
        return bool(self._chunks)

    def put(self, data: bytes, delay: float) -> None:
        """Deliver `data` (or END) after `delay` seconds, but not before what was put earlier."""
        due = self._loop.time() + delay
        if self._chunks:
            due = max(due, self._chunks[-1][0])
        self._chunks.append((due, data))
        self.size += len(data)
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._ring)

    def flush(self) -> None:
        """Deliver everything now."""
        self._stop()
        self._release(float("inf"))

    def drop(self) -> bool:
        """Forget everything; whether there was anything."""
        self._stop()
        held = bool(self._chunks)
        self._chunks.clear()
        self.size = 0
        return held

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        self._timer = None
        self._release(self._loop.time() + _EARLY)
        if self._chunks and self._timer is None:
            self._timer = self._loop.call_at(self._chunks[0][0], self._ring)

    def _release(self, now: float) -> None:
        chunks = self._chunks
        while chunks and chunks[0][0] <= now:
            _, data = chunks.popleft()
            self.size -= len(data)
            self._deliver(data)
