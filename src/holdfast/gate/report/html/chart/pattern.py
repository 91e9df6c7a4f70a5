"""The looks of the families: a colour and a pattern each, so that colour never speaks alone."""

from __future__ import annotations

from holdfast.gate.report.cause import Family
from holdfast.page.markup import Markup, element

__all__ = ["LABEL", "definitions", "fill", "swatch"]

LABEL = {
    Family.ANSWERED: "answered",
    Family.DEGRADED: "answered, degraded",
    Family.CLIENT_ERROR: "the client's error",
    Family.SHED: "refused: full",
    Family.DEADLINE: "deadline over",
    Family.DEPENDENCY: "dependency unavailable",
    Family.SERVER_ERROR: "server error",
    Family.TIMEOUT: "no answer in time",
    Family.CONNECTION: "connection broken",
    Family.NOT_SENT: "not sent",
}
# Strokes over the family's colour, in a tile of 8 x 8 pixels.
STROKES = {
    Family.DEGRADED: "M2 2h.01M6 6h.01",
    Family.CLIENT_ERROR: "M0 4H8",
    Family.SHED: "M-2 2L2 -2M0 8L8 0M6 10L10 6",
    Family.DEADLINE: "M2 0V8M6 0V8",
    Family.DEPENDENCY: "M0 2H8M0 6H8",
    Family.SERVER_ERROR: "",
    Family.TIMEOUT: "M-2 6L2 10M0 0L8 8M6 -2L10 2",
    Family.CONNECTION: "M0 0L8 8M8 0L0 8",
    Family.NOT_SENT: "M4 4h.01",
}


def definitions() -> Markup:
    """Return the hidden SVG that holds the patterns; every page needs it once."""
    patterns = [
        element(
            "pattern",
            element("rect", width=8, height=8, class_=f"tile {family}"),
            element("path", d=strokes, class_=f"tile-stroke {family}") if strokes else None,
            id=f"pattern-{family}",
            width=8,
            height=8,
            patternUnits="userSpaceOnUse",
        )
        for family, strokes in STROKES.items()
    ]
    return element(
        "svg", element("defs", patterns), class_="definitions", width=0, height=0, aria_hidden="true"
    )


def fill(family: Family) -> str:
    """Return the value of a `fill` attribute."""
    return f"url(#pattern-{family})" if family in STROKES else "var(--answered)"


def swatch(family: Family) -> Markup:
    """Return the small square of a legend."""
    square = element("rect", width="100%", height="100%", rx=2, fill=fill(family))
    return element("svg", square, class_="swatch", width=14, height=14, aria_hidden="true")
