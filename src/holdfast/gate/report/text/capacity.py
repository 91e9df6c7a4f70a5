"""The terminal report of a search for the capacity: the curve as a table with bars."""

from __future__ import annotations

from rich.console import Console, RenderableType
from rich.text import Text

from holdfast.gate.capacity.result import CapacityResult, Step
from holdfast.gate.report.judged import MARK, WORD
from holdfast.gate.report.quantity import NOTHING, duration, rate
from holdfast.gate.report.text.paper import COLOUR, grid, heading, indented, show, unicode, words

__all__ = ["render"]

_WIDTH = 24


def render(result: CapacityResult, console: Console) -> None:
    """Print the report of `result`."""
    decided = result.verdict
    colour = COLOUR[decided.outcome]
    line = Text.assemble(
        "\n",
        (f" {MARK[decided.outcome]} {WORD[decided.outcome]} ", f"bold reverse {colour}"),
        "  ",
        words(result.app, "bold"),
    )
    steps = sorted(result.steps, key=lambda step: (step.offered, step.confirmation))
    most = max((step.offered for step in steps), default=1.0)
    bar = "█" if unicode(console) else "#"
    columns = ("Offered", ">Goodput", "", ">p50", ">p99", "Held", "Missed")
    parts: list[RenderableType] = [
        line,
        indented(words(decided.summary)),
        indented(words(f"Scale: {result.scale.statement}", "dim")),
        heading("Rates"),
        indented(grid(columns, [_row(step, most, bar) for step in steps])),
        Text(),
        indented(words(_told(result))),
        indented(words(f"reproduce: {result.reproduce}", "dim")),
    ]
    for part in parts:
        show(console, part)


def _row(step: Step, most: float, bar: str) -> list[RenderableType]:
    return [
        words(rate(step.offered) + (" again, longer" if step.confirmation else "")),
        Text(rate(step.goodput), style="bold"),
        Text(bar * max(0, round(_WIDTH * step.goodput / most)), style="green" if step.held else "red"),
        Text(duration(step.p50) if step.p50 is not None else NOTHING),
        Text(duration(step.p99) if step.p99 is not None else NOTHING),
        Text("yes" if step.held else "no", style="green" if step.held else "red"),
        words(step.why, "dim"),
    ]


def _told(result: CapacityResult) -> str:
    told = []
    if result.knee is not None:
        told.append(f"knee: 95% of what is offered are good up to {rate(result.knee)}")
    if result.bound:
        told.append(f"bound: {result.bound}")
    return "\n".join(told)
