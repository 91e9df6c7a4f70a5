"""Goodput against what was offered, over time: the chart that says whether the service held."""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.gate.report.cause import Family
from holdfast.gate.report.html.chart.axis import Axes, Linear
from holdfast.gate.report.html.chart.frame import curve, frame, key, percent
from holdfast.gate.report.html.chart.path import area, stairs
from holdfast.gate.report.html.chart.pattern import fill, swatch
from holdfast.gate.report.quantity import delay, rate
from holdfast.gate.result import GateResult, Phase, Recovery
from holdfast.page.markup import Markup, element, fragment

__all__ = ["goodput"]

# From here on a label starts at the right edge of the plot, or it would leave it.
LAST = 0.85
# Refused and failed are drawn over the good ones in the look of a family that stands for them.
LAYERS = (("good", None), ("refused", Family.SHED), ("failed", Family.SERVER_ERROR))


def goodput(number: int, result: GateResult, axes: Axes) -> Markup:
    """Return the chart: good, refused and failed stacked under the line of what was offered.

    `number` tells the results of a page apart.
    """
    series = result.series
    if not series.t:
        return element("p", "Nothing was sent, so there is no curve.", class_="none")
    edges = [(axes.time.at(t), axes.time.at(t + series.step)) for t in series.t]
    layers, floors = [], [0.0] * len(edges)
    for label, family in LAYERS:
        values = getattr(series, label)
        tops = [floor + value for floor, value in zip(floors, values, strict=False)]
        placed = [axes.rate.at(top) for top in tops], [axes.rate.at(floor) for floor in floors]
        layers.append(
            _layer(area(edges, *placed), fill(family) if family else "var(--good)", f"{label}-{number}")
        )
        if label == "good":
            layers.append(curve(stairs(edges, placed[0]), "good"))
        floors = tops
    offered = curve(stairs(edges, [axes.rate.at(value) for value in series.offered]), "offered")
    return frame(
        title="Goodput against offered",
        summary=_summary(result),
        number=number,
        chart="goodput",
        phases=result.phases,
        time=axes.time,
        levels=[(axes.rate.at(tick), rate(tick) if tick else "0") for tick in axes.rate.ticks(4)],
        legend=[
            key("offered", "offered"),
            element("span", element("i", class_="swatch good"), "good: right and in time", class_="key"),
            element("span", swatch(Family.SHED), "refused", class_="key"),
            element("span", swatch(Family.SERVER_ERROR), "failed", class_="key"),
            element("span", element("i", class_="swatch gap"), "gap: answered, not good", class_="key"),
        ],
        curves=[*layers, offered],
        lane=_lane(result.recoveries, result.phases, axes.time),
    )


def _layer(path: str, look: str, identifier: str) -> Markup | None:
    """Fill the whole plot and clip it to the shape, so that the pattern is not stretched with the curve."""
    if not path:
        return None
    clip = element("path", d=path)
    return fragment(
        element("clipPath", clip, id=f"clip-{identifier}", clipPathUnits="objectBoundingBox"),
        element("rect", width="100%", height="100%", fill=look, clip_path=f"url(#clip-{identifier})"),
    )


def _lane(recoveries: Sequence[Recovery], phases: Sequence[Phase], time: Linear) -> Markup | None:
    """Return the strip that shows from when to when goodput was coming back."""
    spans = []
    for each in recoveries:
        left = time.at(each.at)
        if each.seconds is None:
            # It stayed away: to the end of the phase that waited for it.
            until = next((phase.end for phase in phases if phase.start <= each.at < phase.end), time.top)
            text = "not back"
        else:
            until, text = each.at + each.seconds, f"back {delay(each.seconds, 'in')}"
        extent = f"left:{percent(left)};width:{percent(max(0.0, time.at(until) - left))}"
        spans.append(
            element(
                "div",
                element("i", style=extent),
                element("span", text, style=f"left:{percent(left)}" if left < LAST else "right:0"),
                class_="lost" if each.seconds is None else "back",
                title=f"after {each.after}: goodput {text}",
            )
        )
    return element("div", spans, class_="lane") if spans else None


def _summary(result: GateResult) -> str:
    parts = [f"{each.name}: {rate(each.goodput)} good of {rate(each.rate)}" for each in result.phases]
    return "Goodput against offered rate over time. " + "; ".join(parts)
