"""What a breaker judges by: how many of the last calls failed, and how many were slow."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple, Protocol

from holdfast.policy.window import Window

__all__ = ["Counts", "LastCalls", "LastSeconds", "Tally"]


class Counts(NamedTuple):
    """Of one window. A call may have been both slow and a failure."""

    calls: int
    failures: int
    slow: int


class Tally(Protocol):
    """A window of outcomes. Nearly every call is good, so that has a method of its own."""

    def good(self, now: float) -> None:
        """Count a call that was as it should be."""

    def bad(self, now: float, *, failed: bool, slow: bool) -> None:
        """Count a call that failed, was slow, or both."""

    def counts(self, now: float) -> Counts:
        """Return what is in the window."""

    def clear(self) -> None:
        """Forget everything."""


class LastSeconds:
    """Over a stretch of time."""

    __slots__ = ("_calls", "_failures", "_slow", "good")

    def __init__(self, seconds: float, buckets: int) -> None:
        self._calls = Window(seconds, buckets)
        self._failures = Window(seconds, buckets)
        self._slow = Window(seconds, buckets)
        self.good = self._calls.add

    def bad(self, now: float, *, failed: bool, slow: bool) -> None:
        """Count a call that failed, was slow, or both."""
        self._calls.add(now)
        if failed:
            self._failures.add(now)
        if slow:
            self._slow.add(now)

    def counts(self, now: float) -> Counts:
        """Return what is in the window."""
        return Counts(self._calls.roll(now), self._failures.roll(now), self._slow.roll(now))

    def clear(self) -> None:
        """Forget everything."""
        for window in (self._calls, self._failures, self._slow):
            window.clear()


class LastCalls:
    """Over a number of calls, however long ago: for a dependency that is called seldom."""

    __slots__ = ("_failures", "_outcomes", "_slow")

    def __init__(self, calls: int) -> None:
        self._outcomes: deque[tuple[bool, bool]] = deque(maxlen=calls)
        self._failures = 0
        self._slow = 0

    def good(self, now: float) -> None:
        """Count a call that was as it should be."""
        self._add(failed=False, slow=False)

    def bad(self, now: float, *, failed: bool, slow: bool) -> None:
        """Count a call that failed, was slow, or both."""
        self._add(failed=failed, slow=slow)

    def counts(self, now: float) -> Counts:
        """Return what is in the window."""
        return Counts(len(self._outcomes), self._failures, self._slow)

    def clear(self) -> None:
        """Forget everything."""
        self._outcomes.clear()
        self._failures = self._slow = 0

    def _add(self, *, failed: bool, slow: bool) -> None:
        outcomes = self._outcomes
        if len(outcomes) == outcomes.maxlen:
            old_failed, old_slow = outcomes[0]
            self._failures -= old_failed
            self._slow -= old_slow
        outcomes.append((failed, slow))
        self._failures += failed
        self._slow += slow
