"""How late the event loop runs: a tick that measures its own lateness."""

from __future__ import annotations

import asyncio
import math
import sys
from collections import deque
from collections.abc import Callable
from types import CodeType, FrameType
from typing import NamedTuple

from holdfast.clock import Now, monotonic

__all__ = ["LagProbe", "Late"]

_DECAY_SECONDS = 10.0
"""After this time the peak has fallen to 1/e: long enough for a scrape every 15 s to see most of a stall."""

_LATELY_SECONDS = 0.5
"""Half of how long a late tick is remembered as late just now: two stretches of it, so that one is whole."""


def _code(owner: type, name: str, instead: CodeType) -> CodeType:
    """Return the code of a method of asyncio's that is not public; `instead` where a release has none."""
    code = getattr(getattr(owner, name, None), "__code__", None)
    return code if isinstance(code, CodeType) else instead


_FOREVER = asyncio.BaseEventLoop.run_forever.__code__
_RUN_ONCE = _code(asyncio.BaseEventLoop, "_run_once", _FOREVER)
_RUN_HANDLE = _code(asyncio.Handle, "_run", _FOREVER)


class Late(NamedTuple):
    """A tick that was `due` and ran `at`, seconds of the monotonic clock."""

    due: float
    at: float


class LagProbe:
    """Ticks on `loop` every `period` seconds, and keeps how late the ticks were.

    `due` is when the next tick should run; another thread that finds it in the past knows that the loop is
    blocked or starved. A tick more than `late_above` seconds late is put into `late` before `due` moves on,
    so that whoever reads `due` first and then empties `late` misses none. `on_beat(now, peak lag)` is called
    at each tick, and `on_tick(due)` whenever the next one is due. Timers of uvloop are in whole milliseconds:
    lag below that means nothing.
    """

    __slots__ = (
        "_based",
        "_before",
        "_handle",
        "_last",
        "_loop",
        "_now",
        "_on_beat",
        "_on_tick",
        "_turn",
        "_within",
        "base",
        "current",
        "due",
        "late",
        "late_above",
        "peak",
        "period",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        period: float,
        *,
        late_above: float,
        on_beat: Callable[[float, float], None] | None = None,
        on_tick: Callable[[float], None] | None = None,
        now: Now = monotonic,
    ) -> None:
        self._loop = loop
        self._on_tick = on_tick
        self._now = now
        self._on_beat = on_beat
        self._handle: asyncio.TimerHandle | None = None
        self._last = 0.0
        self._turn = 0.0
        self._before = 0.0
        self._within = 0.0
        self._based = False
        self.period = period
        self.late_above = late_above
        self.current = 0.0
        """How late the last tick was, in seconds."""
        self.peak = 0.0
        """The same, as a maximum that decays over `_DECAY_SECONDS`."""
        self.due = math.inf
        self.late: deque[Late] = deque(maxlen=1024)
        self.base: CodeType = _RUN_ONCE
        """The code that runs the loop: its frame, and those outside it, are not what the loop is doing."""

    @property
    def lately(self) -> float:
        """How late a tick was within the last half to whole second: is it late now, or was it once?"""
        return max(self._before, self._within)

    def start(self) -> None:
        """Begin to tick; call it on the loop's thread."""
        if self._handle is None:
            self._last = self._now()
            self._arm(self._last)

    def stop(self) -> None:
        """Tick no more; call it on the loop's thread."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self.due = math.inf

    def task(self) -> asyncio.Task[object] | None:
        """Return the task that the loop is running now; safe from any thread."""
        return asyncio.current_task(self._loop)

    def is_running(self) -> bool:
        """Return whether anybody runs the loop; safe from any thread."""
        return self._loop.is_running()

    def _arm(self, now: float) -> None:
        self._handle = self._loop.call_later(self.period, self._tick)
        self.due = now + self.period
        if self._on_tick is not None:
            self._on_tick(self.due)

    def _tick(self) -> None:
        now = self._now()
        lag = max(0.0, now - self.due)
        if lag > self.late_above:
            self.late.append(Late(self.due, now))
        if not self._based:
            self.base, self._based = _loop_code(sys._getframe(1)), True
        self.current = lag
        if now >= self._turn:
            self._before, self._within, self._turn = self._within, 0.0, now + _LATELY_SECONDS
        self._within = max(self._within, lag)
        self.peak = max(lag, self.peak * math.exp((self._last - now) / _DECAY_SECONDS))
        self._last = now
        self._arm(now)  # before the call below: a beat that fails must not stop the ticks
        if self._on_beat is not None:
            self._on_beat(now, self.peak)


def _loop_code(caller: FrameType) -> CodeType:
    """Return the code of the frame that runs the loop, given the frame that called a callback.

    In asyncio that is `Handle._run`, called by `_run_once`. Uvloop calls back from C, so that the caller is
    already the one who runs the loop.
    """
    if caller.f_code is _RUN_HANDLE and caller.f_back is not None:
        return caller.f_back.f_code
    return caller.f_code
