"""What was found, as tables, checks and one JSON object."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.overload.curve import Curve
from benchmarks.overload.grammar import OBJECTIVE
from benchmarks.report import Figure, check, median, table

__all__ = ["JUDGED", "Found", "checks", "document", "show"]

JUDGED = (2.0, 5.0, 10.0, 25.0, 50.0)
"""The loads that are figures."""

_GOODPUT = {2.0: 0.97, 5.0: 0.97, 10.0: 0.97, 25.0: 0.90, 50.0: 0.85}
_ANSWERED_UP_TO = 25.0
_ANSWERED = 0.99
_ADAPTIVE = 0.95
_CONVERGED = 10.0
_HIGH_PRIORITY = 0.99
_RECOVERY = 2.0
_STALL_RECOVERY = 10.0

_QUIET = 0.05
"""Of the time. The supervisor on the same core, and the kernel, make about one in a hundred."""

HELD = "holdfast"


@dataclass(slots=True)
class Found:
    """Of one contender, besides its curve. None where it was not measured, for the reason in `reasons`.

    `adaptive_worst`: the least share of the best fixed limit's goodput over all kinds of work;
    `converged_s`: the longest time until within 5% of it. `high_priority`: share of critical requests served.
    `recovery_s`, `stall_recovery_s`: seconds. `never`: what was measured and did not happen in the run.
    """

    curve: Curve
    adaptive_worst: Figure = None
    converged_s: Figure = None
    high_priority: Figure = None
    recovery_s: Figure = None
    stall_recovery_s: Figure = None
    reasons: dict[str, str] = field(default_factory=dict)
    never: set[str] = field(default_factory=set)

    def p99(self) -> Figure:
        """Return the worst p99 of admitted requests over the judged loads, seconds."""
        return max((value for times in JUDGED if (value := self.curve.p99(times)) is not None), default=None)

    def answered(self) -> Figure:
        """Return the least share that was answered within 1 s, up to 25 times the capacity."""
        loads = [times for times in JUDGED if times <= _ANSWERED_UP_TO]
        shares = [share for times in loads if (share := self.curve.answered(times)) is not None]
        return min(shares, default=None)

    def figures(self) -> dict[str, object]:
        """Return the figures by name, those that are missing as None, and why they are."""
        p99 = self.p99()
        measured: dict[str, Figure] = {
            **{f"goodput_{times:g}x": self.curve.goodput(times) for times in JUDGED},
            "adaptive_worst": self.adaptive_worst,
            "p99_ms": None if p99 is None else 1000 * p99,
            "objective_ms": 1000 * OBJECTIVE,
            "high_priority": self.high_priority,
            "recovery_s": self.recovery_s,
            "answered_1s": self.answered(),
            "converged_s": self.converged_s,
            "stall_recovery_s": self.stall_recovery_s,
            "capacity": self.curve.capacity,
        }
        rounded: dict[str, object] = {
            name: None if value is None else float(f"{value:.5g}") for name, value in measured.items()
        }
        reasons = {name: self._reason(name) for name, value in rounded.items() if value is None}
        return rounded | ({"reasons": reasons} if reasons else {})

    def _reason(self, name: str) -> str:
        return self.reasons.get(name, "not in this run")


def document(found: Mapping[str, Found]) -> str:
    """Return one JSON object: the held service's figures, and each peer's in an object of its own."""
    peers = {name: one.figures() for name, one in found.items() if name != HELD}
    return json.dumps(found[HELD].figures() | peers, allow_nan=False)


def show(found: Mapping[str, Found]) -> None:
    """Print the curves of all contenders."""
    names = list(found)
    loads = sorted({times for one in found.values() for window in one.curve.rounds for times in window})
    share = "{:.1%}".format
    quantities: tuple[tuple[str, Callable[[Curve, float], Figure]], ...] = (
        ("goodput, of the peak", Curve.goodput),
        ("answered within 1 s", Curve.answered),
        ("p99 of admitted, ms", Curve.p99),
    )
    for title, read in quantities:
        rows: list[Sequence[object]] = []
        for name in names:
            values = [read(found[name].curve, times) for times in loads]
            shown = [
                None if value is None else f"{1000 * value:.0f}" if "ms" in title else share(value)
                for value in values
            ]
            rows.append((name, f"{found[name].curve.capacity:.0f}/s", *shown))
        table((title, "capacity", *(f"{times:g}x" for times in loads)), rows)
    for name, one in found.items():
        if one.curve.per_cpu:
            each = [f"{times:g}x {median(values):.0f}" for times, values in sorted(one.curve.per_cpu.items())]
            print(f"{name}, good requests for each second of CPU: {', '.join(each)}")
    late = max((value for one in found.values() for value in one.curve.late), default=0.0)
    print(f"The driver itself sent late by {1000 * late:.1f} ms at the most (p99 of a run).")
    waited = max((value for one in found.values() for value in one.curve.waited), default=0.0)
    noisy = ": too much to decide anything" if waited > _QUIET else ""
    print(f"Neighbours kept the held service from its core for {waited:.0%} of a run at the most{noisy}.")


def checks(one: Found, *, expected: Sequence[str]) -> list[bool | None]:
    """Hold what this run was to measure (`expected`, names of figures) against what is required."""
    figures = one.figures()

    def value(name: str) -> Figure:
        found = figures[name]
        # What was awaited to the end of the run and did not come is a miss, and no gap.
        return float("inf") if name in one.never else found if isinstance(found, float) else None

    made = [
        check(f"goodput at {times:g}x, of the peak", value(f"goodput_{times:g}x"), ">=", least)
        for times, least in _GOODPUT.items()
        if f"goodput_{times:g}x" in expected
    ]
    p99, answered = "p99 of admitted requests, ms", "answered within 1 s, up to 25x"
    made.append(check(p99, value("p99_ms"), "<=", 1000 * OBJECTIVE))
    made.append(check(answered, value("answered_1s"), ">=", _ANSWERED))
    if "adaptive_worst" in expected:
        worst, soon = "adaptive, of the best fixed limit", "seconds until within 5% of it"
        made.append(check(worst, value("adaptive_worst"), ">=", _ADAPTIVE))
        made.append(check(soon, value("converged_s"), "<=", _CONVERGED))
    made.append(check("critical requests served at 10x", value("high_priority"), ">=", _HIGH_PRIORITY))
    made.append(check("seconds to recover from 10x", value("recovery_s"), "<=", _RECOVERY))
    made.append(check("seconds to recover from a stall", value("stall_recovery_s"), "<=", _STALL_RECOVERY))
    return made
