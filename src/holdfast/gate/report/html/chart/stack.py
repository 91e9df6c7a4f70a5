"""A bar of parts, each in the look of its family."""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.gate.report.cause import Family
from holdfast.gate.report.html.chart.frame import percent
from holdfast.gate.report.html.chart.pattern import fill
from holdfast.page.markup import Child, Markup, element

__all__ = ["stack"]


def stack(parts: Sequence[tuple[float, Family, str]], summary: str, *over: Child) -> Markup:
    """Return the bar; a part is (share of the bar, family, its words), `over` is drawn on top."""
    drawn, left = [], 0.0
    for share, family, words in parts:
        drawn.append(
            element(
                "rect",
                element("title", words),
                x=percent(left),
                width=percent(share),
                height="100%",
                fill=fill(family),
                class_="part",
            )
        )
        left += share
    picture = element("svg", drawn, width="100%", height=22, role="img", aria_label=summary)
    return element("div", picture, *over, class_="bar")
