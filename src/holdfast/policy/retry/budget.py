"""A bound on what retries can multiply.

With capped attempts alone an outage multiplies the load by the attempts, just when the dependency can bear
it least. Here calls fund retries: each call deposits 1, each retry withdraws 1 / ratio, both forgotten
after a window, so that of the calls of any window at most `ratio` are repeated, plus the stated floor.
After Finagle's RetryBudget; unlike a bucket that refills by time, no traffic means no retries.
"""

from __future__ import annotations

from holdfast.policy.window import Window

__all__ = ["RetryBudget"]


class RetryBudget:
    """Retries granted in the window are at most ratio * calls + floor * window; see RetryConfig.

    One for each dependency, and one for all of them together where the process has a ratio of its own: an
    outage of what they share is one outage.
    """

    __slots__ = ("_calls", "_floor", "_ratio", "_retries", "deposit")

    def __init__(self, ratio: float, *, floor: float = 0.0, window: float = 10.0, buckets: int = 10) -> None:
        self._ratio = ratio
        self._floor = floor * window
        self._calls = Window(window, buckets)
        self._retries = Window(window, buckets)
        self.deposit = self._calls.add  # deposit(now): one call

    def affords(self, now: float) -> bool:
        """Whether one more retry is funded."""
        return self._retries.roll(now) + 1 <= self._ratio * self._calls.roll(now) + self._floor

    def withdraw(self, now: float) -> bool:
        """Take one retry if it is funded."""
        if not self.affords(now):
            return False
        self._retries.add(now)
        return True
