"""How the requests of each phase ended: one stacked bar a phase, every part named and counted below it."""

from __future__ import annotations

from holdfast.gate.report.cause import Cause, Family, causes
from holdfast.gate.report.html.chart.frame import percent
from holdfast.gate.report.html.chart.pattern import LABEL, swatch
from holdfast.gate.report.html.chart.stack import stack
from holdfast.gate.report.quantity import count, rate, ratio
from holdfast.gate.result import GateResult, Phase
from holdfast.page.markup import Markup, element

__all__ = ["outcomes"]


def outcomes(result: GateResult) -> Markup:
    """Return the bars of all phases."""
    if not result.phases:
        return element("p", "No phase was run.", class_="none")
    bars = [_bar(index, phase) for index, phase in enumerate(result.phases)]
    return element("ol", bars, class_="outcomes")


def _bar(index: int, phase: Phase) -> Markup:
    found = causes(phase.outcomes)
    parts = [
        (cause.share, cause.family, f"{cause.name}: {count(cause.count)} ({ratio(cause.share)})")
        for cause in found
    ]
    good = phase.good / phase.offered if phase.offered else 0.0
    words = ", ".join(f"{cause.name} {count(cause.count)}" for cause in found) or "no request"
    return element(
        "li",
        element(
            "div",
            element("b", str(index + 1), class_="step"),
            element("strong", phase.name),
            element("span", f"{rate(phase.rate)} · {count(phase.offered)} offered", class_="quiet"),
            element("span", phase.fault.detail, class_="fault-note") if phase.fault else None,
            element("span", f"{ratio(good)} good", class_="good-share"),
            class_="what",
        ),
        stack(
            parts,
            f"{phase.name}: {words}",
            element(
                "i", class_="good-mark", style=f"width:{percent(good)}", title=f"{count(phase.good)} good"
            ),
        ),
        element("ul", [_cause(cause) for cause in found], class_="causes"),
    )


def _cause(cause: Cause) -> Markup:
    said = None if cause.family is Family.ANSWERED else LABEL[cause.family]
    return element(
        "li",
        swatch(cause.family),
        element("code", cause.name),
        f" {count(cause.count)}",
        element("span", f" {ratio(cause.share)}", class_="quiet"),
        title=said,
    )
