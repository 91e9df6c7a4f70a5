"""The terminal report of a comparison of two builds."""

from __future__ import annotations

import math

from rich.console import Console, RenderableType
from rich.text import Text

from holdfast.gate.regression.decide import Comparison
from holdfast.gate.regression.result import RegressionResult
from holdfast.gate.report.judged import MARK, WORD
from holdfast.gate.report.quantity import NOTHING, TIMES, duration
from holdfast.gate.report.text.paper import COLOUR, grid, heading, indented, show, words

__all__ = ["render"]

_TITLES = {"cpu": "CPU per request", "p50": "p50", "p99": "p99"}


def render(result: RegressionResult, console: Console) -> None:
    """Print the report of `result`."""
    decided = result.verdict
    colour = COLOUR[decided.outcome]
    line = Text.assemble(
        "\n",
        (f" {MARK[decided.outcome]} {WORD[decided.outcome]} ", f"bold reverse {colour}"),
        "  ",
        words(result.app, "bold"),
    )
    seconds = f"{result.pairs} pairs of {result.window:g} s"
    parts: list[RenderableType] = [
        line,
        indented(words(decided.summary)),
        indented(words(f"Scale: {result.scale.statement}; {seconds}", "dim")),
        heading("Figures"),
        indented(grid(("", "Figure", ">Old", ">New", ">New / old", ">Between", ">Granted"), _rows(result))),
        heading("Builds"),
        indented(words(f"old: {result.old.folder}\nnew: {result.new.folder}")),
        Text(),
        indented(words(f"reproduce: {result.reproduce}", "dim")),
    ]
    for part in parts:
        show(console, part)


def _rows(result: RegressionResult) -> list[list[RenderableType]]:
    return [_row(one) for one in result.comparisons]


def _row(one: Comparison) -> list[RenderableType]:
    known = one.upper < math.inf
    return [
        Text(f"{MARK[one.outcome]} {one.outcome}", style=COLOUR[one.outcome]),
        words(_TITLES[one.name]),
        Text(duration(one.old)),
        Text(duration(one.new)),
        Text(f"{one.ratio:.3f} {TIMES}", style="bold" if one.outcome == "fail" else ""),
        Text(f"{one.lower:.3f} to {one.upper:.3f}" if known else NOTHING),
        Text(f"{1 + one.granted:.3g} {TIMES}" if one.granted is not None else "not decided"),
    ]
