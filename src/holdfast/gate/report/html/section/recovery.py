"""How long goodput stayed away after each overload and fault had ended."""

from __future__ import annotations

from holdfast.gate.report.quantity import delay, duration
from holdfast.gate.result import GateResult
from holdfast.page.markup import Markup, element
from holdfast.page.table import Column, table

__all__ = ["recovery"]

COLUMNS = (Column("After", "name"), Column("Ended at", "number"), Column("Goodput back", "number"))


def recovery(result: GateResult) -> Markup:
    """Return the table."""
    rows = [
        [
            each.after,
            duration(each.at),
            element("span", "✗ not within the run", class_="over")
            if each.seconds is None
            else element("b", delay(each.seconds, "after")),
        ]
        for each in result.recoveries
    ]
    return table(COLUMNS, rows, empty="Nothing was broken, so there was nothing to recover from.")
