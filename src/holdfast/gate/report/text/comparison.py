"""The terminal report of several results: verdicts, the rows that tell them apart, and what mends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from rich.console import Console, RenderableType
from rich.text import Text

from holdfast.gate.report.judged import by_outcome, margin, sides
from holdfast.gate.report.mistake import Mistake
from holdfast.gate.report.scoreboard import Cell, differences, rows
from holdfast.gate.report.text.paper import COLOUR, grid, heading, indented, numbered, show, words
from holdfast.gate.report.text.single import banner
from holdfast.gate.result import GateResult

__all__ = ["render_comparison"]

TONE = {"good": "", "bad": "red", "plain": ""}


def render_comparison(
    results: Mapping[str, GateResult], console: Console, mistakes: Sequence[Mistake] = ()
) -> None:
    """Print `results` by name, side by side, in their order."""
    parts: list[RenderableType] = []
    for name, result in results.items():
        parts += [*banner(result, name), *_missed(result)]
    parts.append(heading("Side by side"))
    if found := differences(results):
        parts.append(indented(Text(f"Compare with care, the runs differ in: {', '.join(found)}.", "yellow")))
    parts += [indented(_scoreboard(results)), *_mending(mistakes), Text()]
    for part in parts:
        show(console, part)


def _missed(result: GateResult) -> list[RenderableType]:
    lines: list[RenderableType] = []
    for each in by_outcome(result, "fail", "missing", "cannot tell"):
        required, measured = sides(each)
        said = margin(each) or each.why
        text = f"{each.title}: {measured}, required {required}" + (f" ({said})" if said else "")
        lines.append(indented(Text.assemble(("- ", COLOUR[each.outcome]), words(text))))
        if each.place or each.source:
            lines.append(indented(words("  " + " <- ".join(filter(None, (each.place, each.source))), "dim")))
    for reason in result.reasons:
        where = f" ({reason.place})" if reason.place else ""
        lines.append(indented(Text.assemble("  why: ", words(reason.title + where))))
    return lines


def _scoreboard(results: Mapping[str, GateResult]) -> RenderableType:
    body: list[list[RenderableType]] = []
    for group, members in groupby(rows(results), key=lambda row: row.group):
        body.append([Text(group, style="bold"), *(Text() for _ in results)])
        for row in members:
            label = words(f"  {row.label}")
            if row.note:
                label.append_text(words(f"  {row.note}", "dim"))
            body.append([label, *map(_cell, row.cells)])
    return grid(("", *(f">{words(name)}" for name in results)), body)


def _cell(cell: Cell) -> Text:
    text = words(cell.text, TONE[cell.tone])
    if cell.note:
        text.append_text(words(f"  {cell.note}", "dim"))
    return text


def _mending(mistakes: Sequence[Mistake]) -> list[RenderableType]:
    if not mistakes:
        return []
    items = [
        Text.assemble(
            words(each.title, "bold"),
            words(f"\n{each.harm}"),
            words(f"\n{each.fragile_place} -> {each.held_place}", "cyan"),
        )
        for each in mistakes
    ]
    return [heading("What mends it"), indented(numbered(items))]
