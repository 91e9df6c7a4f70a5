"""A bound on what retries can multiply.

With capped attempts alone an outage multiplies the load by the attempts, just when the dependency can bear
it least. Here calls fund retries: each call deposits 1, each retry withdraws 1 / ratio, both forgotten
after a window, so that of the calls of any window at most `ratio` are repeated, plus the stated floor.
After Finagle's RetryBudget; unlike a bucket that refills by time, no traffic means no retries.
"""

from __future__ import annotations

from holdfast.policy.retry.config import RetryConfig
from holdfast.policy.window import Window

__all__ = ["RetryBudget"]


class RetryBudget:
    """Retries granted in the window are at most ratio * calls + floor * window."""

    __slots__ = ("_calls", "_floor", "_ratio", "_retries", "deposit")

    def __init__(self, config: RetryConfig) -> None:
        self._ratio = config.ratio
        self._floor = config.floor * config.window
        self._calls = Window(config.window, config.buckets)
        self._retries = Window(config.window, config.buckets)
        self.deposit = self._calls.add  # deposit(now): one call

    def withdraw(self, now: float) -> bool:
        """Take one retry if it is funded."""
        funded = self._ratio * self._calls.roll(now) + self._floor
        if self._retries.roll(now) + 1 > funded:
            return False
        self._retries.add(now)
        return True
