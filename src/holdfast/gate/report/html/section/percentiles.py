"""Percentiles by phase and by route: only those that the sample supports, so a missing one is a blank."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from holdfast.gate.report.judged import limit
from holdfast.gate.report.quantity import NOTHING, count, duration
from holdfast.gate.result import GateResult, Judgement, Latency
from holdfast.page.markup import Child, Markup, element
from holdfast.page.table import Column, table

__all__ = ["by_phase", "by_route"]


def by_phase(result: GateResult) -> Markup:
    """Return the table of all requests answered, a row a phase."""
    names = _names(phase.latency for phase in result.phases)
    rows = [
        [
            element("div", element("b", str(index + 1), class_="step"), phase.name),
            count(phase.latency.count),
            *_values(phase.latency, names, result.judgements, ""),
        ]
        for index, phase in enumerate(result.phases)
    ]
    return table(_columns("Phase", names), rows, empty="No phase was run.")


def by_route(result: GateResult) -> Markup:
    """Return the table by phase and route."""
    names = _names(latency for phase in result.phases for latency in phase.routes.values())
    rows = [
        [
            element(
                "div",
                element("b", str(index + 1), class_="step"),
                element("code", route),
                element("small", phase.name),
            ),
            count(latency.count),
            *_values(latency, names, result.judgements, route),
        ]
        for index, phase in enumerate(result.phases)
        for route, latency in phase.routes.items()
    ]
    return table(_columns("Route", names), rows, empty="No route was measured on its own.")


def _columns(first: str, names: Sequence[str]) -> list[Column]:
    return [Column(first, "name"), Column("Answered", "number"), *(Column(name, "number") for name in names)]


def _names(latencies: Iterable[Latency]) -> list[str]:
    """Return the percentiles that at least one row has: a column that is blank throughout says nothing."""
    return sorted({name for each in latencies for name in each.percentiles}, key=_order)


def _order(name: str) -> tuple[float, str]:
    try:
        return float(name.removeprefix("p")), name
    except ValueError:
        return 100.0, name


def _values(
    latency: Latency, names: Sequence[str], judgements: Sequence[Judgement], route: str
) -> list[Child]:
    return [_value(latency.percentiles.get(name), limit(judgements, name, route)) for name in names]


def _value(seconds: float | None, objective: Judgement | None) -> Child:
    if seconds is None:
        return element("span", NOTHING, class_="quiet", title="too few samples for this percentile")
    required = objective.required if objective else None
    if required is not None and seconds > required:
        told = f"over the objective of {duration(required)}"
        return element(
            "span", duration(seconds), element("i", " ▲", aria_label=told), class_="over", title=told
        )
    return duration(seconds)
