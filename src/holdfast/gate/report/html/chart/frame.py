"""The frame of a chart over time: bands of the phases, faults named, ticks, grid, and room for the curves."""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.gate.report.html.chart.axis import Linear
from holdfast.gate.report.quantity import NOTHING, duration, rate
from holdfast.gate.result import Phase
from holdfast.page.markup import Child, Markup, element, fragment

__all__ = ["curve", "frame", "key", "percent", "rule"]


def frame(
    *,
    title: str,
    summary: str,
    number: int,
    chart: str,
    phases: Sequence[Phase],
    time: Linear,
    levels: Sequence[tuple[float, str]],
    legend: Child,
    curves: Child,
    overlay: Child = None,
    lane: Child = None,
) -> Markup:
    """Return a figure.

    `summary` tells the chart to who cannot see it; `number` (of the result on the page) and `chart` tell the
    script which data to show;
    `levels` are the ticks of the y axis as (0..1, text); `curves` SVG in the unit square, `overlay` HTML
    placed in percent over it, `lane` a strip below the time axis.
    """
    return element(
        "figure",
        element("figcaption", element("h3", title), element("div", legend, class_="legend")),
        element(
            "div",
            element("ol", [_band(index, phase, time) for index, phase in enumerate(phases)], class_="bands"),
            element(
                "div",
                [element("span", text, style=f"bottom:{percent(at)}") for at, text in levels],
                class_="levels",
                aria_hidden="true",
            ),
            element(
                "div",
                [_shade(phase, time) for phase in phases],
                [element("i", class_="grid", style=f"bottom:{percent(at)}") for at, _ in levels],
                element("svg", curves, role="img", aria_label=summary, width="100%", height="100%"),
                overlay,
                class_="plot",
                data_result=number,
                data_chart=chart,
                data_end=time.top,
            ),
            element(
                "div",
                [element("span", duration(t), style=f"left:{percent(time.at(t))}") for t in time.ticks(8)],
                class_="times",
                aria_hidden="true",
            ),
            lane,
            class_="frame",
        ),
        class_="chart",
    )


def curve(path: str, name: str) -> Markup:
    """Return a stroked path whose width does not stretch with the chart."""
    line = element("path", d=path, class_=f"curve {name}", vector_effect="non-scaling-stroke")
    return element("svg", line, viewBox="0 0 1 1", preserveAspectRatio="none", width="100%", height="100%")


def rule(at: float, text: Child) -> Markup:
    """Return a labelled horizontal line, for an objective; the label keeps inside the plot."""
    side = "under" if at > 0.85 else "over"
    return element("div", element("span", text), class_=f"rule {side}", style=f"bottom:{percent(at)}")


def key(name: str, text: str) -> Markup:
    """Return a legend entry for a curve."""
    stroke = element("path", d="M1 7H23", class_=f"curve {name}")
    return element(
        "span", element("svg", stroke, width=24, height=14, aria_hidden="true"), text, class_="key"
    )


def percent(share: float) -> str:
    """Return 0..1 as a CSS length."""
    return f"{share * 100:.3f}".rstrip("0").rstrip(".") + "%"


def _extent(phase: Phase, time: Linear) -> str:
    left, right = time.at(phase.start), time.at(phase.end)
    return f"left:{percent(left)};width:{percent(max(0.0, right - left))}"


def _band(index: int, phase: Phase, time: Linear) -> Markup:
    words = f"{phase.name}: {rate(phase.rate)} for {duration(phase.end - phase.start)}"
    if phase.fault:
        words += f"; {phase.fault.dependency} {phase.fault.kind}: {phase.fault.detail}"
    return element(
        "li",
        element("b", str(index + 1)),
        fragment(" ", phase.name or NOTHING),
        style=_extent(phase, time),
        class_=_kind(phase),
        title=words,
    )


def _shade(phase: Phase, time: Linear) -> Markup:
    return element("i", class_=f"shade {_kind(phase)}", style=_extent(phase, time))


def _kind(phase: Phase) -> str:
    known = phase.kind if phase.kind in {"warmup", "steady", "overload", "fault", "recovery"} else "steady"
    return "fault" if phase.fault else known
