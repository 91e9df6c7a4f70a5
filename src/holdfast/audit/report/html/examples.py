"""Part three: for each rule this code as it was found, beside it mended, or the rule's good example."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from holdfast.audit.report.html.code import code, diff
from holdfast.audit.report.parts import Recommendation
from holdfast.page.markup import Markup, element
from holdfast.page.table import place

__all__ = ["examples"]


def examples(each: Iterable[Recommendation]) -> Markup:
    """Return the part."""
    shown = [_example(one) for one in each]
    return element("ol", shown, class_="examples") if shown else element("p", "None.", class_="none")


def _example(one: Recommendation) -> Markup:
    figures = []
    first = one.example
    if first is not None:
        caption = [element("b", "as found"), " ", place(f"{first['file']}:{first['line']}")]
        frame = first["frame"]
        figures.append(code(caption, frame["lines"], first=frame["first"], marked=first["line"]))
    if first is not None and first["diff"] is not None:
        figures.append(diff(_caption(first["diff"]), first["diff"]["lines"]))
    elif one.rule is not None:
        lines = one.rule.good.strip("\n").split("\n")
        figures.append(code([element("b", "good"), " an example of the rule"], lines))
    columns = element("div", figures, class_="columns", style=f"--columns:{len(figures)}")
    return element("li", element("h3", f"{one.code} {one.title}"), columns)


def _caption(proposed: Mapping[str, Any]) -> Markup:
    """Return what a change does, and what to look at before it is made."""
    then = f"check {proposed['check']}" if proposed["check"] else "--fix writes it where an audit confirms it"
    return element("span", element("b", "mended"), f" {proposed['what']}; {then}")
