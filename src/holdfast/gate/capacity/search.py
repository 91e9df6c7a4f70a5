"""The highest rate that holds, found by steps: up by a factor until one is missed twice, then by halves.

A machine has bad moments, so one miss is no miss: a rate is missed when it is missed twice in a row, and held
when it is held once. What was found is held once more, for longer, before it is told: the luckiest of many
tries would be told otherwise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

__all__ = ["PRECISION", "Search"]

PRECISION = 1.05
"""Factor between the highest rate that held and the lowest that did not, when the search ends."""

_FACTOR = 1.5
_CONFIRMATIONS = 3
"""Rates that may fail their confirmation, each a step below the one before, until nothing is told."""


@dataclass(slots=True)
class Search:
    """`next_rate` says what to drive, `told` how it went; `capacity` is the answer, None for none.

    `least` and `most`: rates that the search does not leave. `limit`: why it ended at `most`, for reports.
    """

    start: float
    least: float
    most: float
    held: float = 0.0
    missed: float = math.inf
    confirming: bool = False
    capacity: float | None = None
    ended: bool = False
    _doubted: float = 0.0
    _refuted: int = 0
    _tried: list[float] = field(default_factory=list)

    def next_rate(self) -> float | None:
        """Return the next rate to drive, None when the search has ended."""
        if self.ended:
            return None
        if self._doubted:
            return self._doubted
        if self.confirming:
            return self.held
        if not self.held and math.isinf(self.missed):
            return min(max(self.start, self.least), self.most)
        if math.isinf(self.missed):
            return min(self.held * _FACTOR, self.most)
        if not self.held:
            return max(self.missed / _FACTOR, self.least)
        return math.sqrt(self.held * self.missed)

    def told(self, rate: float, *, held: bool) -> None:
        """Take in how the rate that was asked for last went."""
        if self.confirming:
            self._confirmed(held)
            return
        if not held and self._doubted != rate:
            self._doubted = rate
            return
        self._doubted = 0.0
        self._tried.append(rate)
        if held:
            self.held = max(self.held, rate)
        else:
            self.missed = min(self.missed, rate)
        if self.missed <= self.least:
            self.ended = True
        elif self.held >= self.most or (self.held and self.missed <= self.held * PRECISION):
            self.confirming = True

    def _confirmed(self, held: bool) -> None:
        if held:
            self.capacity, self.ended = self.held, True
            return
        self._refuted += 1
        self.missed = self.held
        self.held = self.held / PRECISION
        self.ended = self._refuted == _CONFIRMATIONS or self.held < self.least
