"""Several results against each other: the few rows that tell them apart, for the page and the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from holdfast.gate.report.judged import limit
from holdfast.gate.report.quantity import NOTHING, count, delay, duration, rate, ratio, times
from holdfast.gate.result import GateResult, Phase

__all__ = ["Cell", "Row", "differences", "rows"]

Tone: TypeAlias = Literal["good", "bad", "plain"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One result's value in a row: its text, and 0..1 for the bar (None: no bar).

    `tone` is "good" or "bad" where the result has an objective for it, else "plain"; goodput is the good
    itself.
    """

    text: str
    note: str
    share: float | None
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Row:
    """One thing measured in all results."""

    group: str
    label: str
    note: str
    cells: tuple[Cell, ...]


ABSENT = Cell(NOTHING, "not in this run", None)
FEW = Cell(NOTHING, "too few samples", None)
# A full bar is kept for "not back", so the longest recovery that ended stops short of it.
ENDED = 0.8


def rows(results: Mapping[str, GateResult]) -> tuple[Row, ...]:
    """Return goodput and p99 by phase, recovery, amplification and stalls, one cell a result."""
    each = tuple(results.values())
    return (*_goodputs(each), *_tails(each), *_recoveries(each), *_amplifications(each), _stalls(each))


def differences(results: Mapping[str, GateResult]) -> tuple[str, ...]:
    """Return in which of the conditions the results differ: a comparison is fair where there is none."""
    each = tuple(results.values())
    conditions: dict[str, Callable[[GateResult], object]] = {
        "budget": lambda one: (one.budget, one.environment),
        "seed": lambda one: one.seed,
        "load and faults": lambda one: [(phase.name, phase.rate, phase.fault) for phase in one.phases],
        "workers": lambda one: (one.scale.workers, one.scale.replicas, one.scale.cores),
        "machine": lambda one: one.machine,
    }
    return tuple(name for name, of in conditions.items() if any(of(one) != of(each[0]) for one in each))


def _goodputs(results: Sequence[GateResult]) -> list[Row]:
    found = []
    for name, phases in _phases(results):
        offered = next((f"{rate(one.rate)} offered" for one in phases if one), "")
        found.append(Row("Goodput", name, offered, tuple(_goodput(one) if one else ABSENT for one in phases)))
    return found


def _goodput(phase: Phase) -> Cell:
    share = phase.good / phase.offered if phase.offered else None
    return Cell(rate(phase.goodput), f"{ratio(share)} of offered" if share is not None else "", share, "good")


def _tails(results: Sequence[GateResult]) -> list[Row]:
    objectives = [limit(result.judgements, "p99") for result in results]
    found = []
    for name, phases in _phases(results):
        tails = [one.latency.percentiles.get("p99") if one else None for one in phases]
        most = max((tail for tail in tails if tail is not None), default=None)
        if most is None:
            continue
        cells = [
            FEW
            if tail is None
            else Cell(
                duration(tail), "", tail / most if most else 0.0, _tone(tail, one.required if one else None)
            )
            for tail, one in zip(tails, objectives, strict=True)
        ]
        found.append(Row("p99 latency of answered requests", name, "", tuple(cells)))
    return found


def _recoveries(results: Sequence[GateResult]) -> list[Row]:
    ended = [one.seconds for result in results for one in result.recoveries if one.seconds is not None]
    longest = max(ended, default=0.0)
    found = []
    for name in dict.fromkeys(one.after for result in results for one in result.recoveries):
        cells = [_recovery(result, name, longest) for result in results]
        found.append(Row("Time until goodput was back", f"after {name}", "", tuple(cells)))
    return found


def _recovery(result: GateResult, after: str, longest: float) -> Cell:
    seen = next((one for one in result.recoveries if one.after == after), None)
    if seen is None:
        return ABSENT
    if seen.seconds is None:
        return Cell("not back", "within the run", 1.0, "bad")
    required = next((one.required for one in result.judgements if one.id == "objective.recovery"), None)
    share = ENDED * seen.seconds / longest if longest else 0.0
    return Cell(delay(seen.seconds), "", share, _tone(seen.seconds, required))


def _amplifications(results: Sequence[GateResult]) -> list[Row]:
    found = []
    for name in dict.fromkeys(one.name for result in results for one in result.dependencies):
        seen = [next((one for one in result.dependencies if one.name == name), None) for result in results]
        factors = [one.amplification if one else None for one in seen]
        most = max((factor for factor in factors if factor is not None), default=None)
        if most is None:
            continue
        cells = [
            Cell(NOTHING, "not measured", None)
            if one is None or one.amplification is None
            else Cell(
                times(one.amplification), one.amplification_phase, one.amplification / most if most else 0.0
            )
            for one in seen
        ]
        found.append(Row("Calls made for each one needed", name, "in the worst phase", tuple(cells)))
    return found


def _stalls(results: Sequence[GateResult]) -> Row:
    totals = [sum(one.total for one in result.stalls) for result in results]
    most = max(totals)
    cells = [
        Cell(
            duration(total),
            f"{count(sum(one.count for one in result.stalls))} stalls",
            total / most if most else 0.0,
        )
        for total, result in zip(totals, results, strict=True)
    ]
    return Row("Event loop", "blocked in all", "by code that did not await", tuple(cells))


def _phases(results: Sequence[GateResult]) -> Iterator[tuple[str, list[Phase | None]]]:
    """Yield each phase's name, in order, and that phase of each result; warming up is no result."""
    for name in dict.fromkeys(
        one.name for result in results for one in result.phases if one.kind != "warmup"
    ):
        yield name, [next((one for one in result.phases if one.name == name), None) for result in results]


def _tone(measured: float, required: float | None) -> Tone:
    if required is None:
        return "plain"
    return "good" if measured <= required else "bad"
