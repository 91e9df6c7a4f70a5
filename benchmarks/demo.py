"""Goodput, p99 and recovery of examples/shop, fragile and held, at the same absolute rates.

Goodput is what the gate counts: requests a second that are good by [sli] and within the objective of their
route. A form's peak is its highest goodput over a ladder of offered rates (or later, should that be higher).
Then both are driven at 1, 2 and 5 times the held form's peak, and at the budget's peak while the payment
provider is slow and after that. Every stretch is of a service started afresh (stretch.py), after a warm-up
and a moment at its own rate; the forms take turns. Goodput and recovery are medians over the rounds; a p99 is
that of the rounds together, of answers that are no refusals, and shown only where they are enough for one.

Recovery is the time from the end of the failure until the form is as good as before it. Where it did not come
back while it was watched, the figure is the time that it had; `fragile_recovered` and `held_recovered` are
the shares of the rounds in which it did.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
from collections import defaultdict
from collections.abc import Sequence
from contextlib import chdir
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import numpy.typing as npt
import uvloop

from benchmarks.process import ROOT, cores, pinned
from benchmarks.report import Figure, check, exit_code, figures, machine, table
from benchmarks.stretch import Stretch, drive
from holdfast.budget import Loaded, load
from holdfast.errors import HoldfastError
from holdfast.gate.fault.kinds import Slow
from holdfast.gate.measure import seconds_to_recover
from holdfast.gate.measure.latency import describe
from holdfast.gate.measure.recovery import WINDOW
from holdfast.gate.scenario import PlannedPhase, derive

_FORMS = {"fragile": "examples.shop.fragile:app", "held": "examples.shop.held:app"}
_BUDGET = ROOT / "examples" / "shop" / "holdfast.toml"
_DEPENDENCY = "payments"

_KEPT = 0.8
"""The share of its peak that the held form keeps at 5 times that."""

_BEYOND = 3 / 4
"""A form's ladder ends at the first rate of which less than this is good: from there on it gets no better."""

_FOUND = 0.85
"""The share of the held peak that its ladder has to have found: the rates follow from it."""

_MEASURED, _FAILING, _AFTER = "measured", "failing", "after"


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured, times in seconds. `step`: factor between the rates of a ladder. `times`: of the
    held form's peak. `watched`: what a form has to come back in. `patience`: of a client."""

    rounds: int
    step: float
    times: tuple[int, ...]
    warm_up: float
    settling: float
    measured: float
    watched: float
    patience: float


_FULL = Extent(3, 1.4, (1, 2, 5), warm_up=4, settling=1.5, measured=3, watched=8, patience=6)
_QUICK = Extent(1, 2.0, (1, 5), warm_up=2, settling=1, measured=2, watched=4, patience=3)


@dataclass(frozen=True, slots=True)
class Bench:
    """Drives stretches, `usual` being the budget's peak, and says how each went."""

    loaded: Loaded
    extent: Extent
    usual: float
    cores: tuple[int, int]
    runner: asyncio.Runner

    def at(self, form: str, rate: float, number: int = 0) -> Stretch:
        """Drive a form at a rate; `number` decides the arrivals."""
        stretch = self._drive(form, number, rate)
        print(f"  {form} at {rate:.0f}/s: {stretch.of(_MEASURED).goodput:.0f}/s good", flush=True)
        return stretch

    def failing(self, form: str, number: int) -> tuple[Stretch, float | None]:
        """Drive a form while its dependency fails; also the seconds that it took to be as good as before."""
        planned = derive(self.loaded.budget, self.usual, [_DEPENDENCY])
        slow = next(phase for phase in planned if isinstance(phase.fault, Slow))
        # A form is back when a whole window is good: the last one begins when the time is over.
        after = PlannedPhase(_AFTER, "recovery", self.extent.watched + WINDOW, self.usual)
        stretch = self._drive(form, number, self.usual, replace(slow, name=_FAILING), after)
        before, failing, healed = (stretch.of(name) for name in (_MEASURED, _FAILING, _AFTER))
        back = seconds_to_recover(
            stretch.run, healed=healed.start, until=healed.end, steady_share=before.good / before.offered
        )
        print(
            f"  {form} at {self.usual:.0f}/s, {_DEPENDENCY} slow: {failing.goodput:.0f}/s good, back "
            f"{self.within(back)}",
            flush=True,
        )
        return stretch, back

    def within(self, back: float | None) -> str:
        """Say when a form was back."""
        return f"not within {self.extent.watched:g} s" if back is None else f"after {back:.2g} s"

    def _drive(self, form: str, number: int, rate: float, *then: PlannedPhase) -> Stretch:
        extent = self.extent
        phases = [
            PlannedPhase("warm-up", "warmup", extent.warm_up, self.usual / 2),
            PlannedPhase("settling", "warmup", extent.settling, rate),
            PlannedPhase(_MEASURED, "steady", extent.measured, rate),
            *then,
        ]
        return self.runner.run(
            drive(
                self.loaded, _FORMS[form], phases, cores=self.cores, patience=extent.patience, seed=1 + number
            )
        )


class Situation:
    """What one form did in one situation, over the rounds."""

    def __init__(self) -> None:
        self.goodput: list[float] = []
        self._latency: list[npt.NDArray[np.float64]] = []

    def add(self, stretch: Stretch, name: str) -> None:
        """Take a phase of a stretch."""
        run, phase = stretch.run, stretch.of(name)
        self.goodput.append(phase.goodput)
        # As in a phase of the gate: of what was answered and not refused.
        timed = run.between(phase.start, phase.end) & run.answered & ~run.refused
        self._latency.append(run.latency[timed])

    def p99(self) -> Figure:
        """Return the p99 of all rounds together in ms; None where they hold too few requests for one."""
        seconds = describe(np.concatenate(self._latency)).percentiles.get("p99")
        return None if seconds is None else 1e3 * seconds


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.demo", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="about two minutes: one round, a coarse ladder, no 2x"
    )
    extent = _QUICK if parser.parse_args(arguments).quick else _FULL
    loaded = load(_BUDGET, environment="ci")
    machine()
    # Stand-ins are started as the budget says, from the checkout; the proxies live in this process.
    usual, both = loaded.budget.traffic.peak or 0.0, cores()
    with chdir(ROOT), pinned(both[1]), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            return compare(Bench(loaded, extent, usual, both, runner))
        except HoldfastError as error:
            print(error, file=sys.stderr)
            return error.exit_code


def compare(bench: Bench) -> int:
    """Drive both forms in the same situations, print what came of it, return the exit code."""
    extent = bench.extent
    peak = peaks(bench)
    rates = {f"{times}x": times * peak["held"] for times in extent.times}
    slow = f"{_DEPENDENCY} slow"
    situations: dict[tuple[str, str], Situation] = defaultdict(Situation)
    recovery: dict[str, list[float | None]] = defaultdict(list)
    for number in range(extent.rounds):
        print(f"round {number + 1} of {extent.rounds}", flush=True)
        for (name, rate), form in product(rates.items(), _FORMS):
            situations[name, form].add(bench.at(form, rate, number), _MEASURED)
        for form in _FORMS:
            stretch, back = bench.failing(form, number)
            situations[slow, form].add(stretch, _FAILING)
            recovery[form].append(back)
    goodput = {key: statistics.median(situation.goodput) for key, situation in situations.items()}
    climbed = peak["held"]
    for (_, form), good in goodput.items():
        peak[form] = max(peak[form], good)  # a disturbed ladder must not make a bound easy
    rows: list[list[object]] = [["peak", None, *peak.values(), None, None]]
    for name, rate in (rates | {slow: bench.usual}).items():
        goods = [goodput[name, form] for form in _FORMS]
        rows.append([name, rate, *goods, *(situations[name, form].p99() for form in _FORMS)])
    table(
        ["", "offered/s", *(f"{form} good/s" for form in _FORMS), *(f"{form} p99 ms" for form in _FORMS)],
        rows,
    )
    taken, recovered = {}, {}
    for form, backs in recovery.items():
        known = [extent.watched if back is None else back for back in backs]
        taken[form] = statistics.median(known)
        recovered[form] = 1 - backs.count(None) / len(backs)
        back = None if recovered[form] <= 0.5 else taken[form]
        print(f"{form}: as good as before the failure {bench.within(back)} (median of {len(backs)})")
    kept = None
    if climbed < _FOUND * peak["held"]:
        print(f"  ?  too noisy: the ladder found a held peak of {climbed:.0f}/s, so 5x was not 5x")
    else:
        kept = check("held at 5x keeps 80% of its peak", goodput["5x", "held"], ">=", _KEPT * peak["held"])
    checks = [
        kept,
        check("the held peak is not below the fragile one", peak["held"], ">=", peak["fragile"]),
    ]
    figures(
        fragile_peak=peak["fragile"],
        held_peak=peak["held"],
        fragile_goodput_5x=goodput["5x", "fragile"],
        held_goodput_5x=goodput["5x", "held"],
        fragile_recovery_s=taken["fragile"],
        held_recovery_s=taken["held"],
        fragile_recovered=recovered["fragile"],
        held_recovered=recovered["held"],
        watched_s=extent.watched,
    )
    return exit_code(checks)


def peaks(bench: Bench) -> dict[str, float]:
    """Return each form's highest goodput over a ladder of rates that begins at the budget's peak."""
    best = dict.fromkeys(_FORMS, 0.0)
    climbing = set(_FORMS)
    rate = bench.usual
    while climbing:
        for form in [form for form in _FORMS if form in climbing]:
            # Twice before it counts as beyond: a neighbour on the machine must not end a ladder.
            for number in range(2):
                good = bench.at(form, rate, number).of(_MEASURED).goodput
                best[form] = max(best[form], good)
                if good >= _BEYOND * rate:
                    break
            else:
                climbing.remove(form)
        rate *= bench.extent.step
    return best


if __name__ == "__main__":
    sys.exit(main())
