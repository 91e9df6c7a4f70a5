"""The sections in their order, so that the page of one result and that of several cannot drift apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from holdfast.gate.report.html.chart.axis import Axes
from holdfast.gate.report.html.chart.goodput import goodput
from holdfast.gate.report.html.chart.latency import latency
from holdfast.gate.report.html.chart.outcomes import outcomes
from holdfast.gate.report.html.section.dependencies import dependencies
from holdfast.gate.report.html.section.evidence import ledger, machine, noise, reproduce
from holdfast.gate.report.html.section.objectives import objectives
from holdfast.gate.report.html.section.percentiles import by_phase, by_route
from holdfast.gate.report.html.section.reasons import reasons
from holdfast.gate.report.html.section.recovery import recovery
from holdfast.gate.report.html.section.stalls import stalls
from holdfast.gate.result import GateResult
from holdfast.page.markup import Markup

__all__ = ["VIEWS", "View"]


@dataclass(frozen=True, slots=True)
class View:
    """A section: `draw(number, result, axes)` returns its part for one result."""

    id: str
    title: str
    lead: str
    draw: Callable[[int, GateResult, Axes], Markup]


def _alone(draw: Callable[[GateResult], Markup]) -> Callable[[int, GateResult, Axes], Markup]:
    """Wrap a section that needs no axes."""
    return lambda number, result, axes: draw(result)


VIEWS = (
    View(
        "goodput",
        "Goodput over time",
        "Requests answered rightly and within the objective, under the line of what was offered. "
        "Bands are the phases; the hatched ones have a fault applied.",
        goodput,
    ),
    View(
        "latency",
        "Latency over time",
        "From the moment a request was meant to be sent to the last byte of its answer; logarithmic.",
        latency,
    ),
    View(
        "errors",
        "How requests ended",
        "Every request of each phase by cause. The dark stripe is the share that was good: "
        "right and in time.",
        _alone(outcomes),
    ),
    View("why", "Why", "The evidence behind what failed.", _alone(reasons)),
    View(
        "objectives",
        "Objectives",
        "Each number of the budget that was judged, where it is written and where it was decided.",
        _alone(objectives),
    ),
    View(
        "recovery",
        "Recovery",
        "From the end of an overload or fault until goodput was back.",
        _alone(recovery),
    ),
    View(
        "stalls",
        "Stalls of the event loop",
        "Lines of code that ran without awaiting, and the requests that waited behind them.",
        _alone(stalls),
    ),
    View(
        "dependencies",
        "Dependencies",
        "As the gate's proxy saw them. A fault counts only with proof that it was in the way.",
        _alone(dependencies),
    ),
    View(
        "percentiles",
        "Percentiles by phase",
        "Of answered requests. A percentile appears only where the sample supports it.",
        _alone(by_phase),
    ),
    View("routes", "Percentiles by route", "The same, route by route.", _alone(by_route)),
    View("ledger", "Ledger", "Every request is accounted for, or there is no verdict.", _alone(ledger)),
    View("noise", "Noise", "Whether the machine allowed the measurement.", _alone(noise)),
    View("machine", "Machine", "Where it was measured.", _alone(machine)),
    View("reproduce", "Run it again", "The same schedule, from the same seed.", _alone(reproduce)),
)
