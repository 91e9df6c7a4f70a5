"""Part three: for each rule this code as it was found, beside the rule's good example."""

from __future__ import annotations

from collections.abc import Iterable

from holdfast.audit.report.html.code import code
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
    first = next((finding for finding in one.findings if finding["frame"] is not None), None)
    if first is not None:
        caption = [element("b", "as found"), " ", place(f"{first['file']}:{first['line']}")]
        frame = first["frame"]
        figures.append(code(caption, frame["lines"], first=frame["first"], marked=first["line"]))
    if one.rule is not None:
        lines = one.rule.good.strip("\n").split("\n")
        figures.append(code([element("b", "good"), " an example of the rule"], lines))
    columns = element("div", figures, class_="columns", style=f"--columns:{len(figures)}")
    return element("li", element("h3", f"{one.code} {one.title}"), columns)
