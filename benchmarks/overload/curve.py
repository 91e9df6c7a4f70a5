"""Goodput over the offered load, as a share of the peak that the same build reaches."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from benchmarks.overload.contender import Running
from benchmarks.overload.load import Load
from benchmarks.overload.measure import Window
from benchmarks.report import Figure, median

__all__ = ["LOADS", "Curve", "Lengths"]

LOADS = (1.0, 2.0, 5.0, 10.0, 25.0, 50.0)
"""Times the capacity; the first shows the peak once more, in the open model."""

_USERS = 20
"""Of the closed model that measures capacity: twice what keeps the core busy (22 ms a request, 2 ms of them
CPU), and few enough that no contender refuses one of them once it knows its limit."""

_SETTLE = 0.3
"""Seconds at the end of a run that are not judged: who is due then meets a load that ends."""

Start = Callable[[], AbstractContextManager[Running]]


@dataclass(frozen=True, slots=True)
class Lengths:
    """Seconds of runs: of each load, of its beginning that is not judged, of the closed model and its own."""

    load: float
    skip: float
    closed: float
    closed_skip: float


@dataclass(slots=True)
class Curve:
    """Rounds of one contender: `capacities` in requests a second, and windows by load.

    `fresh`: started anew for each load. `late`: seconds by which the driver sent late, p99 of each run.
    `limits`: of its workers at the end. `waited`: share of each run that it waited for its core. `per_cpu`:
    good requests for each second of CPU that the workers used; neighbours hardly change it.
    """

    name: str
    start: Start
    fresh: bool
    capacities: list[float] = field(default_factory=list)
    rounds: list[dict[float, Window]] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    limits: list[int] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    per_cpu: dict[float, list[float]] = field(default_factory=dict)

    @property
    def capacity(self) -> float:
        """Requests a second, the median of all rounds."""
        return median(self.capacities) or 0.0

    def round(self, load: Load, loads: Sequence[float], lengths: Lengths) -> None:
        """Measure the capacity and then every load.

        A contender that is `fresh` starts anew for each load, so that none inherits the backlog of another.
        """
        found: dict[float, Window] = {}
        with self.start() as running:
            self._measure_capacity(running, load, lengths)
            if not self.fresh:
                for times in loads:
                    found[times] = self._one(running, load, times, lengths)
                self.limits = running.limits()
        for times in loads if self.fresh else ():
            with self.start() as running:
                found[times] = self._one(running, load, times, lengths)
        self.rounds.append(found)

    def _measure_capacity(self, running: Running, load: Load, lengths: Lengths) -> None:
        seen = load.closed(running.port, users=_USERS, seconds=lengths.closed)
        capacity = seen.window(lengths.closed_skip, lengths.closed - _SETTLE).good
        if not capacity:
            raise SystemExit(f"{self.name} serves nobody")
        self.capacities.append(capacity)

    def _one(self, running: Running, load: Load, times: float, lengths: Lengths) -> Window:
        (ran, waited), began = running.ran(), time.monotonic()
        seen = load.open(running.port, [(times * self.capacities[-1], lengths.load)])
        ran_now, waited_now = running.ran()
        self.waited.append((waited_now - waited) / (time.monotonic() - began))
        if ran_now > ran:
            good = seen.window(0.0, lengths.load).good * lengths.load
            self.per_cpu.setdefault(times, []).append(good / (ran_now - ran))
        self.late.append(seen.late or 0.0)
        return seen.window(lengths.skip, lengths.load - _SETTLE)

    def goodput(self, times: float) -> Figure:
        """Return the median over rounds of good / peak of the same round; None where not measured."""
        return median(
            [
                found[times].good / max(peak, *(window.good for window in found.values()))
                for peak, found in zip(self.capacities, self.rounds, strict=True)
                if times in found
            ]
        )

    def p99(self, times: float) -> Figure:
        """Return the median over rounds of the p99 of those admitted, seconds."""
        return median([value for found in self.rounds if times in found and (value := found[times].p99)])

    def answered(self, times: float) -> Figure:
        """Return the median over rounds of the share that was answered in time."""
        shares = [found[times].answered for found in self.rounds if times in found]
        return median([share for share in shares if share is not None])
