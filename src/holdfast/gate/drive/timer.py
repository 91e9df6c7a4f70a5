"""One timer that goes off at a nanosecond of CLOCK_MONOTONIC.

On Linux a timerfd in the loop's poll set: it sends within tens of microseconds of the intended time, where
uvloop's `call_at` rounds to milliseconds. Elsewhere, `call_later`.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from typing import Protocol

from holdfast.timerfd import open_timerfd

__all__ = ["LoopTimer", "Timer", "TimerFd", "timer"]

_LONGEST = 86400.0  # loops refuse delays of years; one that goes off early is armed anew


class Timer(Protocol):
    """Calls back after each `arm`, never before that time; the callback arms it anew or disarms it."""

    def arm(self, at_ns: int) -> None:
        """Go off at `at_ns` of CLOCK_MONOTONIC (at once if that is past), and forget any earlier time."""

    def disarm(self) -> None:
        """Do not go off until armed again."""

    def close(self) -> None:
        """Release what the timer holds."""


def timer(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> Timer:
    """Return the most exact timer that this system has; it calls back on `loop`."""
    if sys.platform == "linux":
        return TimerFd(loop, callback)
    return LoopTimer(loop, callback)


class TimerFd:
    """A timerfd. The descriptor is never read: setting it anew clears it, which spares a system call."""

    __slots__ = ("_fd", "_loop", "_set")

    def __init__(self, loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
        self._loop = loop
        self._fd, self._set = open_timerfd()
        loop.add_reader(self._fd, callback)

    def arm(self, at_ns: int) -> None:
        """Go off at `at_ns`."""
        self._set(max(at_ns, 1))

    def disarm(self) -> None:
        """Do not go off."""
        self._set(0)

    def close(self) -> None:
        """Close the descriptor."""
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1


class LoopTimer:
    """The loop's own timer, for systems without timerfd: exact to about a millisecond."""

    __slots__ = ("_callback", "_handle", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
        self._loop = loop
        self._callback = callback
        self._handle: asyncio.TimerHandle | None = None

    def arm(self, at_ns: int) -> None:
        """Go off at `at_ns`, or up to a millisecond later."""
        self.disarm()
        delay = (at_ns - time.monotonic_ns()) / 1e9
        self._handle = self._loop.call_later(min(max(delay, 0.0), _LONGEST), self._callback)

    def disarm(self) -> None:
        """Do not go off."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def close(self) -> None:
        """Do not go off any more."""
        self.disarm()
