"""What a run's records say: counts by when a request was due, so that nobody's lateness is forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from benchmarks.overload.grammar import OBJECTIVE
from benchmarks.report import Figure
from holdfast.gate.drive import Records

__all__ = ["ANSWERED", "Seen", "Window"]

ANSWERED = 1.0
"""Seconds within which any answer counts as one, a refusal too."""

Floats: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.float64]]"
Bools: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.bool_]]"


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a run. Shares and latencies are None where nothing was offered or nobody served.

    `offered`, `good`: requests a second that were due, and that were answered with 200 within the objective.
    `answered`: the share that had any answer within `ANSWERED`. `p99`: of the requests with status 200,
    seconds. `served`: the share of the offered that was good.
    """

    offered: float
    good: float
    answered: Figure
    p99: Figure
    served: Figure


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """N requests by due time: `at` float64[N] seconds; `good`, `answered`, `admitted`, `critical` bool[N];
    `latency` float64[N] seconds from the due time, NaN where there was no end. `late`: p99 of the seconds by
    which the driver itself sent late; `cpu_s`: its CPU seconds.
    """

    at: Floats
    latency: Floats
    good: Bools
    answered: Bools
    admitted: Bools
    critical: Bools
    late: Figure
    cpu_s: float

    @classmethod
    def of(cls, records: Records, *, critical: int, cpu_s: float) -> Seen:
        """Read the records; `critical` is the number of that request in the plan."""
        latency = records.latency()
        admitted = records.status == 200
        lag = records.lag()[records.sent >= 0]
        with np.errstate(invalid="ignore"):
            good = admitted & (latency <= OBJECTIVE)
            answered = records.answered() & (latency <= ANSWERED)
        return cls(
            at=records.at / 1e9,
            latency=latency,
            good=good,
            answered=answered,
            admitted=admitted,
            critical=records.request == critical,
            late=float(np.percentile(lag, 99)) if len(lag) else None,
            cpu_s=cpu_s,
        )

    def window(self, begin: float, end: float, *, critical: bool = False) -> Window:
        """Return what became of the requests due in [begin, end), of the critical ones only if asked."""
        inside = (self.at >= begin) & (self.at < end)
        if critical:
            inside &= self.critical
        offered, seconds = int(inside.sum()), end - begin
        good = int((inside & self.good).sum())
        took = self.latency[inside & self.admitted]
        return Window(
            offered=offered / seconds,
            good=good / seconds,
            answered=float(self.answered[inside].mean()) if offered else None,
            p99=float(np.percentile(took, 99)) if len(took) else None,
            served=good / offered if offered else None,
        )

    def reaches(self, rate: float, begin: float, end: float, *, over: float = 1.0) -> Figure:
        """Return the seconds from `begin` until `over` seconds with `rate` good a second have passed.

        The end of the first such stretch counts, not its beginning. None where there is none before `end`.
        """
        inside = (self.at >= begin) & (self.at < end) & self.good
        times = self.at[inside]
        starts = np.concatenate(([begin], times))
        starts = starts[starts + over <= end]
        counts = np.searchsorted(times, starts + over, "left") - np.searchsorted(times, starts, "left")
        enough = np.flatnonzero(counts >= rate * over)
        return float(starts[enough[0]] + over - begin) if len(enough) else None

    def recovered(self, share: float, begin: float, end: float, *, over: float = 1.0) -> Figure:
        """Return the seconds from `begin` after which in any `over` seconds `share` of the offered is good.

        0 where they are from the beginning; None where not even the last ones before `end` are.
        """
        inside = (self.at >= begin) & (self.at < end)
        times = self.at[inside]
        whole = np.flatnonzero(times + over <= end)
        if not len(whole):
            return None
        total = np.concatenate(([0], np.cumsum(self.good[inside])))
        ends = np.searchsorted(times, times[whole] + over, "left")
        shares = (total[ends] - total[whole]) / (ends - whole)
        bad = np.flatnonzero(shares < share)
        if not len(bad):
            return 0.0
        if bad[-1] == len(whole) - 1:
            return None
        return float(times[whole[bad[-1] + 1]] - begin)
