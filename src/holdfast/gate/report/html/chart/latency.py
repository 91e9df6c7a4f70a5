"""Latency over time on a logarithmic scale, with the objective that it is held against."""

from __future__ import annotations

from holdfast.gate.report.html.chart.axis import Axes
from holdfast.gate.report.html.chart.frame import curve, frame, key, rule
from holdfast.gate.report.html.chart.path import line
from holdfast.gate.report.judged import limit
from holdfast.gate.report.quantity import NOTHING, duration
from holdfast.gate.result import GateResult
from holdfast.page.markup import Markup, element, fragment

__all__ = ["latency"]


def latency(number: int, result: GateResult, axes: Axes) -> Markup:
    """Return the chart of p50 and p99 of the requests answered in each bucket; gaps where none was."""
    series = result.series
    if not series.t:
        return element("p", "Nothing was sent, so there is no curve.", class_="none")
    middles = [axes.time.at(t + series.step / 2) for t in series.t]
    objective = limit(result.judgements, "p99")
    curves = []
    for name, values in (("p99", series.p99), ("p50", series.p50)):
        placed = [None if value is None else axes.latency.at(value) for value in values]
        curves.append(curve(line(list(zip(middles, placed, strict=False))), name))
    overlay = None
    if objective and objective.required:
        label = fragment(
            "objective p99 ≤ ",
            duration(objective.required),
            element("em", f" · {objective.place}") if objective.place else None,
        )
        overlay = rule(axes.latency.at(objective.required), label)
    return frame(
        title="Latency of answered requests",
        summary=_summary(result),
        number=number,
        chart="latency",
        phases=result.phases,
        time=axes.time,
        levels=[(axes.latency.at(tick), duration(tick)) for tick in axes.latency.ticks()],
        legend=[key("p99", "p99"), key("p50", "p50"), key("objective", "objective") if overlay else None],
        curves=curves,
        overlay=overlay,
    )


def _summary(result: GateResult) -> str:
    parts = []
    for each in result.phases:
        tail = each.latency.percentiles.get("p99")
        parts.append(f"{each.name}: {duration(tail) if tail is not None else NOTHING}")
    return "p50 and p99 over time, logarithmic. p99 by phase: " + "; ".join(parts)
