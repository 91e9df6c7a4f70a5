"""Dependencies as the gate's proxy saw them, and the proof that a fault could reach them at all."""

from __future__ import annotations

from holdfast.gate.report.quantity import NOTHING, count, times
from holdfast.gate.result import Calls, GateResult
from holdfast.page.markup import Child, Markup, element
from holdfast.page.table import Column, table

__all__ = ["dependencies"]

COLUMNS = (
    Column("Dependency", "name"),
    Column("Calls seen", "number"),
    Column("Attempted", "number"),
    Column("Amplification", "number"),
    Column("Connections", "number"),
    Column("Proof of wiring"),
)


def dependencies(result: GateResult) -> Markup:
    """Return the table."""
    rows = [_row(each) for each in result.dependencies]
    return table(COLUMNS, rows, empty="The budget names no dependency.", folds="1.2fr 1fr 1.2fr 1.4fr 1.2fr")


def _row(calls: Calls) -> list[Child]:
    attempted = NOTHING if calls.attempted is None else count(calls.attempted)
    unsaid = (
        element("small", "the service does not say") if calls.attempted is None and calls.proxied else None
    )
    factor = NOTHING if calls.amplification is None else times(calls.amplification)
    needed = _needed(calls) if calls.amplification is not None else ""
    if not calls.proxied:
        blank = element("span", NOTHING, class_="quiet")
        return [_name(calls), blank, blank, blank, blank, _proof(calls)]
    return [
        _name(calls),
        count(calls.seen),
        element("div", attempted, unsaid),
        element("div", element("b", factor), element("small", needed) if needed else None),
        element("div", count(calls.connections), element("small", f"{count(calls.direct)} past the proxy")),
        _proof(calls),
    ]


def _needed(calls: Calls) -> str:
    needed = f", {count(calls.needed)} needed" if calls.needed is not None else ""
    return f"{calls.amplification_phase}{needed}"


def _name(calls: Calls) -> Markup:
    return element("div", calls.name, element("small", calls.kind))


def _proof(calls: Calls) -> Markup:
    tone, word = ("pass", "✓ wired") if calls.wired else ("cannot-tell", "? not proven")
    if not calls.proxied:
        tone, word = "not-judged", "○ not behind the proxy"
    badge = element("span", word, class_=f"badge {tone}")
    return element("div", badge, element("small", calls.why) if calls.why else None)
