"""Whether a thread that woke late was kept from the GIL, from a CPU, or stopped with the whole process.

A thread that waits for the GIL asks again at each switch interval (5 ms), so the kernel has put it on a CPU
many times meanwhile. One that was stopped (SIGSTOP, a frozen cgroup, a paused machine) was not put on any.
"""

from __future__ import annotations

import sys
import threading
import time

from holdfast.loop.starvation import RunDelay, Scheduled

__all__ = ["Standstill"]

_ASKED = 0.3
"""Of the intervals in which it could have asked for the GIL."""

_SOON = 0.005
"""Seconds: later than this is late."""

_BOOTTIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)


class Standstill:
    """Judges the wake-ups of the thread that calls `enter`; `stopped` seconds in all, which never fall.

    The monotonic clock does not run while Linux sleeps; what the machine has slept since the last wake-up is
    known by the clock that does, and what follows at once is its doing too.
    """

    __slots__ = ("_before", "_mine", "_slept", "stopped")

    def __init__(self) -> None:
        self.stopped = 0.0
        self._mine: RunDelay | None = None
        self._before = Scheduled()
        self._slept = _asleep()

    def enter(self) -> None:
        """Judge the calling thread from here on."""
        self._mine = RunDelay(threading.get_native_id())

    def waits(self) -> None:
        """The thread is about to wait."""
        if self._mine is not None:
            self._before = self._mine.read()

    def woke(self, late: float) -> bool:
        """The thread runs again, `late` seconds after it should; return whether the GIL kept it waiting."""
        slept, self._slept = _asleep() - self._slept, _asleep()
        if late <= _SOON or self._mine is None or not self._mine.known:
            return late > _SOON
        now = self._mine.read()
        waited = max(0.0, now.waited - self._before.waited)
        asked = (now.slices - self._before.slices) * sys.getswitchinterval()
        still = late - waited
        if slept > _SOON or (still > 2 * _SOON and asked < _ASKED * still):
            self.stopped += max(0.0, still)
            return False
        return True

    def close(self) -> None:
        """Judge no more."""
        if self._mine is not None:
            self._mine.close()
            self._mine = None


def _asleep() -> float:
    """Return the seconds that the machine has slept since it was booted, give or take a few microseconds."""
    if _BOOTTIME is None:
        return 0.0
    return time.clock_gettime(_BOOTTIME) - time.monotonic()
