"""What each failure left of the service, from the records of the driver and the counts of the proxies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from benchmarks.failure.plan import STEADY, after, named
from benchmarks.stretch import Stretch
from holdfast.gate.measure import Run, seconds_to_recover
from holdfast.gate.shape import route
from holdfast.gate.shape.spec import Spec

__all__ = ["CACHED", "REMEMBERED", "Left", "left", "stuck"]

REMEMBERED = 10.0
"""Seconds over which a retry budget slides: what a failure is met with may have been paid in before it."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Left:
    """Of one failure of one dependency.

    goodput: of the requests that do not need it, the share that was good and within its objective.
    in_time: of all, the share that was answered within its objective, whatever the answer.
    amplification: calls of it for each that was wanted, over REMEMBERED; None where none could be seen, and
        where no request calls it, but a cache.
    calls: a second, as seen. recovery: seconds from the end of the failure until all is as before, no answer
    degraded any more; None: not within the time that was watched.
    """

    dependency: str
    fault: str
    goodput: float
    in_time: float
    amplification: float | None
    calls: float
    recovery: float | None


CACHED = frozenset({"GET /products/{n}", "GET /report"})
"""The routes that need the database while their cache is cold. When it fails it is not."""


def left(stretch: Stretch, traffic: Sequence[Spec], done: Mapping[str, Sequence[str]]) -> Iterator[Left]:
    """Yield what came of each failure of `done`; the budget's requests, `traffic`, say what they need."""
    for dependency, faults in done.items():
        needing = {route(each.send) for each in traffic if dependency in getattr(each, "needs", ())} - CACHED
        for fault in faults:
            yield _left(stretch, needing, dependency, fault)


def stuck(metrics: str) -> list[str]:
    """Return the gauges that say that something is still held, when nothing is done any more."""
    names = (
        "holdfast_in_flight{",
        "holdfast_dependency_in_flight{",
        "holdfast_pool_taken{",
        "holdfast_pool_waiting{",
    )
    return [line for line in metrics.splitlines() if line.startswith(names) and float(line.split()[-1]) > 0]


def _left(stretch: Stretch, needing: set[str], dependency: str, fault: str) -> Left:
    run = stretch.run
    failing, healed = stretch.of(named(dependency, fault)), stretch.of(after(named(dependency, fault)))
    inside = run.between(failing.start, failing.end)
    needs = _of(run, needing)
    bounds = np.array([run.bounds.get(name, np.inf) for name in run.routes])[run.route]
    seconds = failing.end - failing.start
    calls = _calls(stretch, dependency, failing.name)
    strict = replace(run, sli=_Strict(run))
    steady = stretch.of(STEADY)
    return Left(
        dependency,
        fault,
        goodput=_share(run.good, inside & ~needs),
        in_time=_share(run.latency <= bounds, inside),
        amplification=_amplification(stretch, needs, dependency, failing.name),
        calls=calls / seconds,
        recovery=seconds_to_recover(
            strict,
            healed=healed.start,
            until=healed.end,
            steady_share=_share(strict.good, run.between(steady.start, steady.end)),
        ),
    )


class _Strict:
    """The budget's own, but that a degraded answer is not as good as before."""

    degraded = "bad"

    def __init__(self, run: Run) -> None:
        self.bad = run.sli.bad
        self.excluded = run.sli.excluded


def _of(run: Run, names: set[str]) -> Mask:
    positions = [position for position, name in enumerate(run.routes) if name in names]
    return np.isin(run.route, positions)


def _share(good: Mask, among: Mask) -> float:
    """Return the share; 1 of nothing, which nothing was taken from."""
    return float(np.mean(good[among])) if among.any() else 1.0


def _calls(stretch: Stretch, dependency: str, name: str) -> int:
    """Return the calls that were seen in a phase."""
    at = next(number for number, phase in enumerate(stretch.phases) if phase.name == name)
    return (stretch.counts[at + 1][dependency] - stretch.counts[at][dependency]).calls or 0


def _amplification(stretch: Stretch, needs: Mask, dependency: str, name: str) -> float | None:
    """Return the calls for each that was wanted, which is what the same requests took in the steady phase."""
    run = stretch.run
    steady, failing = stretch.of(STEADY), stretch.of(name)
    usually = np.count_nonzero(run.between(steady.start, steady.end) & needs)
    usual = _calls(stretch, dependency, STEADY) / usually if usually else 0.0
    if not usual:
        return None
    wanted = usual * np.count_nonzero(run.between(failing.start, failing.end) & needs)
    begin = min(failing.start, failing.end - REMEMBERED)
    remembered = usual * np.count_nonzero(run.between(begin, failing.end) & needs)
    return float(1 + (_calls(stretch, dependency, name) - wanted) / remembered)
