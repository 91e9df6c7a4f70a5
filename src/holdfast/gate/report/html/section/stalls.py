"""The lines of code that stopped the event loop, the costliest first."""

from __future__ import annotations

from holdfast.gate.report.html.chart.bullet import meter
from holdfast.gate.report.quantity import count, duration
from holdfast.gate.result import GateResult, Stall
from holdfast.page.markup import Child, Markup, element
from holdfast.page.table import Column, place, table

__all__ = ["stalls"]

COLUMNS = (
    Column("Line", "name"),
    Column("Route"),
    Column("Stalls", "number"),
    Column("Blocked in all", "number"),
    Column("Longest", "number"),
    Column("Requests delayed", "number"),
)


def stalls(result: GateResult) -> Markup:
    """Return the table."""
    found = sorted(result.stalls, key=lambda each: -each.total)
    most = found[0].total if found else 0.0
    return table(COLUMNS, [_row(each, most) for each in found], empty="The loop was never seen to stall.")


def _row(stall: Stall, most: float) -> list[Child]:
    share = stall.total / most if most else 0.0
    return [
        element(
            "div",
            place(f"{stall.file}:{stall.line}"),
            element("small", "in ", element("code", stall.function)),
            element("small", "blocked in ", place(stall.sink)) if stall.sink else None,
        ),
        element("code", stall.route),
        count(stall.count),
        element("div", element("b", duration(stall.total)), meter(share, "plain")),
        duration(stall.longest),
        count(stall.victims),
    ]
