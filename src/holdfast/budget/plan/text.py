"""The plan for people: one line a number, as wide as the terminal; 100 columns and plain without one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from holdfast.budget.path import dotted, parts
from holdfast.budget.plan.document import Missing, Plan, Planned
from holdfast.budget.units import format_duration, format_ratio

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

__all__ = ["WIDTH", "show"]

WIDTH = 100
"""Columns where no terminal says how many there are."""

_NAME, _VALUE, _PLACE = 28, 8, 6
"""Widths: the longest usual name, and every value that has a unit. Longer values get a line of their own."""

_KINDS = {
    "source": ("", ""),
    "deferred": ("deferred: ", "yellow"),
    "environment": ("environment: ", "magenta"),
    "mechanism": ("default: ", "dim"),
    "missing": ("missing: ", "bold red"),
}
"""What is written before the detail of a provenance, and its style."""


def show(plan: Plan, console: Console) -> None:
    """Print the plan, without the blanks that pad its columns."""
    with console.capture() as capture:
        for part in _parts(plan):
            console.print(part)
    console.file.write("".join(f"{line.rstrip()}\n" for line in capture.get().splitlines()))


def _parts(plan: Plan) -> Iterator[RenderableType]:
    from rich.text import Text

    heading = Text(plan.service or "(no name)", style="bold")
    heading.append(f"  {plan.budget}", style="not bold dim")
    if plan.environment:
        heading.append(f", environment {plan.environment}", style="not bold magenta")
    elif plan.environments:
        heading.append(f", no environment (there are {', '.join(plan.environments)})", style="not bold dim")
    yield heading
    for section, rows in groupby(plan.numbers, key=lambda number: _section(number.path)):
        yield ""
        yield Text(section, style="bold cyan")
        yield _numbers(section, list(rows))
    if plan.derived:
        yield ""
        yield Text("derived", style="bold cyan")
        yield _derived(plan)
    yield from _list("findings", "!", [(f.path, f.place, f.message) for f in plan.findings])
    unsourced = [(m.path, m.place, m.reason.partition("; ")[2]) for m in plan.missing if m.written]
    yield from _list("written, but no source says where it was decided", "?", unsourced)
    yield from _list("not decided", "?", [(m.path, "", _question(m)) for m in plan.missing if not m.written])
    yield ""
    yield _summary(plan)


def _numbers(section: str, rows: Sequence[Planned]) -> Table:
    from rich.text import Text

    table = _table(_NAME, _VALUE, None, _PLACE)
    for row in rows:
        prefix, style = _KINDS[row.provenance.kind]
        name = Text("  " + dotted(parts(row.path)[len(parts(section)) :]))
        bold = "bold red" if row.provenance.kind == "missing" else "bold"
        detail, line = Text(prefix + row.provenance.detail, style=style), Text(_line(row.place), style="dim")
        if len(row.text) <= _VALUE:
            table.add_row(name, Text(row.text or "-", style=bold), detail, line)
        else:
            table.add_row(name, "", Text(row.text, style=bold), line)
            table.add_row("", "", detail, "")
    return table


def _derived(plan: Plan) -> Table:
    from rich.text import Text

    table = _table(None)
    for number in plan.derived:
        head = Text(f"  {number.path}  ")
        head.append(_amount(number.value, number.unit), style="bold")
        table.add_row(head)
        table.add_row(_indented(number.formula))
    return table


def _indented(text: str) -> RenderableType:
    from rich.padding import Padding
    from rich.text import Text

    return Padding(Text(text, style="dim"), (0, 0, 0, 6))


def _list(title: str, mark: str, items: Sequence[tuple[str, str, str]]) -> Iterator[RenderableType]:
    """Yield a title and its items: path, place and what to say."""
    from rich.text import Text

    if not items:
        return
    yield ""
    yield Text(f"{title} ({len(items)})", style="bold red")
    table = _table(3, None, padding=1)
    for path, place, message in items:
        text = Text(path, style="bold")
        text.append(f"  {place}" if place else "", style="not bold dim")
        text.append(f"\n{message}" if message else "", style="not bold")
        table.add_row(Text(f"  {mark}", style="bold red"), text)
    yield table


def _question(missing: Missing) -> str:
    expired = missing.reason.partition("; ")[2]
    question = f"{missing.question} ({expired})" if expired else missing.question
    return f"{question}\ndecides: {missing.decides}\nusual: {'; '.join(missing.options)}"


def _summary(plan: Plan) -> RenderableType:
    from rich.text import Text

    words = {
        "source": "sourced",
        "deferred": "deferred",
        "environment": "from the environment",
        "mechanism": "by default",
    }
    kinds = [number.provenance.kind for number in plan.numbers]
    counts = [(kinds.count(kind), word) for kind, word in words.items()]  # type: ignore[arg-type]
    counts += [(len(plan.derived), "derived"), (len(plan.missing), "missing")]
    counts += [(len(plan.findings), "finding" if len(plan.findings) == 1 else "findings")]
    text = Text(", ".join(f"{count} {word}" for count, word in counts if count), style="bold")
    if plan.missing:
        text.append(
            "\nholdfast plan --adr docs/adr raises the questions as decision records", style="not bold"
        )
    elif not plan.exit_code:
        text.append(": everything is decided", style="green")
    return text


def _section(path: str) -> str:
    """Return the heading that a number stands below: its section, or its dependency."""
    return ".".join(path.split(".")[: 2 if path.startswith("dependency.") else 1])


def _line(place: str) -> str:
    """Return ":14" of "holdfast.toml:14"; a variable says nothing that the row does not say."""
    line = place.rpartition(":")[2]
    return f":{line}" if line.isdigit() else ""


def _amount(value: float, unit: str) -> str:
    if unit == "s":
        return format_duration(value)
    if unit == "ratio":
        return format_ratio(round(value, 8))
    number = f"{value:,.0f}" if value == int(value) or value >= 1000 else f"{value:.4g}"
    return f"{number}{unit}" if unit in ("/s", "x") else f"{number} {unit}"


def _table(*widths: int | None, padding: int = 2) -> Table:
    from rich.table import Table

    table = Table.grid(padding=(0, padding, 0, 0), expand=True)
    for width in widths:
        if width is None:
            table.add_column(ratio=1, overflow="fold")
        else:
            table.add_column(width=width, overflow="fold")
    return table
