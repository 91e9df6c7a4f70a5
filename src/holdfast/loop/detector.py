"""When a late tick is a stall, and how a long one is told in parts: a pure core, which is given the time.

A stall starts when the tick was due and ends when it ran, so its duration is the time by which the loop was
provably late; the true time of standing still is longer by up to one period of the tick.

A long stall is reported while it lasts, at `interim` seconds and then each time its length has doubled, so
that a worker which is killed in the middle has named its line, and a stall of an hour is reported a dozen
times. Each report is a `Part` that starts where the one before ended: the durations add up to the stall's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

__all__ = ["Look", "Part", "StallDetector"]

_GRACE = 1 / 2  # of the threshold, until the first sample
_AGAIN = 1 / 4  # of the threshold, between samples
_RARER = 1 / 20  # of the length so far, between samples of a long stall: each report has ten of its own
_SHORTEST = 0.001  # seconds: a look that came a rounding error too early is not repeated at once


class Look(Enum):
    """What a look at the loop asks for."""

    NOTHING = "nothing"
    SAMPLE = "sample"
    REPORT = "report"
    """Sample, then take `StallDetector.report`."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stall, or a part of one: `duration` seconds from `start`. `first`: nothing of it was told before."""

    start: float
    duration: float
    first: bool


class StallDetector:
    """Decides over the ticks of one loop; a tick is known by the time when it was due.

    A tick that is more than `threshold` seconds late is a stall. Its stack is sampled from half of that on,
    and then every quarter, so that no stall is told by one sample alone. `interim` (not below two thresholds)
    is the length at which a stall is first told.
    """

    __slots__ = ("_due", "_next_report", "_told", "grace", "interim", "threshold")

    def __init__(self, threshold: float, *, interim: float = 1.0) -> None:
        if threshold <= 0:
            raise ValueError(f"a stall needs a threshold above 0 seconds, not {threshold}")
        self.threshold = threshold
        self.grace = threshold * _GRACE
        self.interim = max(interim, 2 * threshold)
        self._due = math.nan
        self._told = 0.0
        self._next_report = self.interim

    def look(self, now: float, due: float) -> Look:
        """Look at `now` at a loop whose next tick is `due`."""
        if due != self._due:
            self._due, self._told, self._next_report = due, 0.0, self.interim
        late = now - due
        if late < self.grace:
            return Look.NOTHING
        return Look.REPORT if late >= self._next_report else Look.SAMPLE

    def pause(self, now: float, due: float) -> float:
        """Return the seconds until the next look, after one at `now` that saw the next tick `due`.

        A loop in time is looked at again when that tick would be late by the grace; usually it has run by
        then, and others after it. A long stall is sampled ever less often.
        """
        late = now - due
        if late < self.grace:
            return min(max(self.grace - late, _SHORTEST), self.grace + self.threshold)
        return max(self.threshold * _AGAIN, late * _RARER)

    def report(self, now: float) -> Part:
        """Return the untold part, up to `now`, of the stall that was looked at last."""
        late = now - self._due
        part = Part(self._due + self._told, late - self._told, first=not self._told)
        self._told, self._next_report = late, 2 * late
        return part

    def ended(self, due: float, at: float) -> Part | None:
        """Return what remains to be told when the tick that was `due` ran `at`; None when it was no stall."""
        late = at - due
        told = self._told if due == self._due else 0.0
        if late <= max(self.threshold, told):
            return None
        return Part(due + told, late - told, first=not told)
