"""A dead man's switch: a thread sleeps until nobody has put the alarm off in time.

While the loop ticks in time, the watchdog must not run at all. A thread that looks every few milliseconds
takes the GIL each time, and a busy loop comes back to cold caches.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Protocol

from holdfast.clock import Now, monotonic
from holdfast.timerfd import open_timerfd

__all__ = ["Alarm", "LockAlarm", "TimerAlarm", "alarm"]


class Alarm(Protocol):
    """Set by one thread, waited for by another."""

    def set(self, at: float) -> None:
        """Go off at `at`, seconds of the monotonic clock, and no earlier; what is past goes off at once."""

    def wait(self) -> None:
        """Wait until the alarm goes off."""

    def close(self) -> None:
        """Release what the alarm holds; nobody may be waiting."""


def alarm() -> Alarm:
    """Return the best alarm that this system has."""
    return TimerAlarm() if sys.platform == "linux" else LockAlarm()


class TimerAlarm:
    """A timerfd: putting it off is one system call, and does not wake who waits."""

    __slots__ = ("_fd", "_set")

    def __init__(self) -> None:
        self._fd, self._set = open_timerfd(blocking=True)

    def set(self, at: float) -> None:
        """Go off at `at`."""
        self._set(max(1, int(at * 1e9)))

    def wait(self) -> None:
        """Wait for the timer; reading it also clears it."""
        os.read(self._fd, 8)

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self._fd)


class LockAlarm:
    """Without timerfd: wakes when the time first set has come, and sleeps on if it was put off meanwhile."""

    __slots__ = ("_at", "_early", "_now")

    def __init__(self, now: Now = monotonic) -> None:
        self._at = float("inf")
        self._early = threading.Condition()
        self._now = now

    def set(self, at: float) -> None:
        """Go off at `at`."""
        sooner, self._at = at < self._at, at
        if sooner:
            with self._early:
                self._early.notify()

    def wait(self) -> None:
        """Wait until the time that is set has come."""
        with self._early:
            while (left := self._at - self._now()) > 0:
                self._early.wait(min(left, threading.TIMEOUT_MAX))
            self._at = float("inf")

    def close(self) -> None:
        """Nothing is held."""
