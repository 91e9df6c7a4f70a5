"""Leaving a store alone that does not answer.

No breaker: that judges by the share of failures in a window, and of a window with a thousand good answers a
second it takes as many failures to open. Here each failure costs a request its whole patience, and a store
that answers one of a few is in order. So failures in a row count, and one good answer ends it.
"""

from __future__ import annotations

from holdfast.policy.require import at_least, positive

__all__ = ["Pause"]


class Pause:
    """After `failures` in a row the store is left alone for `seconds`; then one call a pause tries it."""

    __slots__ = ("_failed", "_failures", "_seconds", "_until")

    def __init__(self, *, failures: int = 3, seconds: float = 1.0) -> None:
        at_least(1, failures=failures)
        positive(seconds=seconds)
        self._failures = failures
        self._seconds = seconds
        self._failed = 0
        self._until = 0.0

    def may(self, now: float) -> bool:
        """Whether to call. Of a call that tries, the others await the outcome, or another pause."""
        if self._failed < self._failures:
            return True
        if now < self._until:
            return False
        self._until = now + self._seconds
        return True

    def failed(self, now: float) -> None:
        """A call had no answer."""
        self._failed += 1
        if self._failed >= self._failures:
            self._until = now + self._seconds

    def answered(self) -> None:
        """A call had an answer."""
        self._failed = 0

    @property
    def resting(self) -> bool:
        """Whether the store is left alone, or being tried."""
        return self._failed >= self._failures
