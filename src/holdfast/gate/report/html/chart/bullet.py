"""One measured value against the one required, as a bar with a mark."""

from __future__ import annotations

from holdfast.gate.report.html.chart.frame import percent
from holdfast.gate.result import Judgement
from holdfast.page.markup import Markup, element

__all__ = ["bullet", "meter"]


def bullet(judgement: Judgement) -> Markup | None:
    """Return the bar with the required value marked, None where one of the two is not known."""
    required, measured = judgement.required, judgement.measured
    if required is None or measured is None:
        return None
    if judgement.unit == "ratio" and judgement.better == "higher":
        # Near 100% the eye needs what is lacking, not what is there.
        required, measured = 1 - required, 1 - measured
    top = max(required, measured, 1e-12) * 1.06
    at = percent(max(0.0, required) / top)
    return element(
        "div",
        element("i", style=f"width:{percent(max(0.0, measured) / top)}"),
        element("b", style=f"left:{at}"),
        class_=f"bullet {judgement.outcome.replace(' ', '-')}",
        aria_hidden="true",
    )


def meter(share: float | None, tone: str) -> Markup | None:
    """Return a plain bar 0..1; `tone` is "good", "bad" or "plain"."""
    if share is None:
        return None
    return element(
        "div", element("i", style=f"width:{percent(share)}"), class_=f"meter {tone}", aria_hidden="true"
    )
