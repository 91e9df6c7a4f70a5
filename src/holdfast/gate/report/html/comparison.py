"""The page of several results side by side: the same charts on the same axes, the same tables in columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from holdfast.gate.report.html.chart.axis import shared
from holdfast.gate.report.html.chart.bullet import meter
from holdfast.gate.report.html.chart.pattern import definitions
from holdfast.gate.report.html.curves import curves
from holdfast.gate.report.html.header import header
from holdfast.gate.report.html.mending import mending
from holdfast.gate.report.html.page import page
from holdfast.gate.report.html.section.verdict import verdict
from holdfast.gate.report.html.views import VIEWS, View
from holdfast.gate.report.judged import WORD, limit
from holdfast.gate.report.mistake import Mistake
from holdfast.gate.report.scoreboard import Row, differences, rows
from holdfast.gate.result import GateResult
from holdfast.page.document import navigation, section
from holdfast.page.markup import Child, Markup, element, fragment

__all__ = ["render_comparison"]

ENDS = {
    "pass": "passes",
    "fail": "fails",
    "cannot tell": "is not decided",
    "missing": "lacks a number",
}
MENDING = "Each is a mistake that a real project made and mended. Marked lines are the ones that change."


def render_comparison(results: Mapping[str, GateResult], mistakes: Sequence[Mistake] = ()) -> str:
    """Return the page for `results` by name, in their order, and what mends each of `mistakes`.

    Raises ValueError without a result: there is nothing to compare.
    """
    if not results:
        raise ValueError("a comparison needs at least one result")
    each = list(results.values())
    limits = [limit(result.judgements, "p99") for result in each]
    axes = shared(each, [one.required for one in limits if one and one.required])
    links = ["scoreboard", *(view.id for view in VIEWS)]
    parts: list[Child] = []
    for view in VIEWS:
        drawn = [view.draw(number, result, axes) for number, result in enumerate(each)]
        parts.append(section(view.id, view.title, _columns(results, view, drawn), lead=view.lead))
        if view.id == "why" and mistakes:
            mended = [mending(number, one) for number, one in enumerate(mistakes, 1)]
            parts.append(
                section("mistakes", "What mends it", element("ol", mended, class_="mistakes"), lead=MENDING)
            )
            links.insert(links.index("why") + 1, "mistakes")
    body = [
        definitions(),
        header(_headline(results), each[0]),
        element(
            "div",
            [element("div", verdict(result, name), class_="column") for name, result in results.items()],
            class_="columns",
            style=f"--columns:{len(results)}",
        ),
        navigation([(link, link.capitalize()) for link in links]),
        section("scoreboard", "Side by side", _scoreboard(results), lead=_fairness(results)),
        *parts,
    ]
    return page(f"{_headline(results)} · holdfast gate", body, curves(results), wide=True)


def _headline(results: Mapping[str, GateResult]) -> str:
    """Return the whole page in one line: "shop: fragile fails, held passes"."""
    service = next(iter(results.values())).service
    return f"{service}: {', '.join(f'{name} {ENDS[each.verdict.outcome]}' for name, each in results.items())}"


def _fairness(results: Mapping[str, GateResult]) -> Markup:
    found = differences(results)
    if not found:
        return fragment("The same budget, seed, load, faults and machine; the bars of a row share one scale.")
    return element("strong", f"Compare with care, the runs differ in: {', '.join(found)}.")


def _columns(results: Mapping[str, GateResult], view: View, drawn: Sequence[Markup]) -> Markup:
    columns = [
        element("div", _form(name, result), part, class_="column")
        for (name, result), part in zip(results.items(), drawn, strict=True)
    ]
    return element("div", columns, class_="columns", style=f"--columns:{len(drawn)}")


def _form(name: str, result: GateResult) -> Markup:
    tone = result.verdict.outcome.replace(" ", "-")
    word = element("span", WORD[result.verdict.outcome], class_=f"badge {tone}")
    return element("p", element("b", name), " ", word, class_="form")


def _scoreboard(results: Mapping[str, GateResult]) -> Markup:
    head = element(
        "tr",
        element("td"),
        [element("th", _form(name, result), scope="col") for name, result in results.items()],
    )
    bodies = [
        element(
            "tbody",
            element("tr", element("th", group, scope="rowgroup", colspan=len(results) + 1), class_="group"),
            [_row(row, list(results)) for row in members],
        )
        for group, members in groupby(rows(results), key=lambda row: row.group)
    ]
    return element("table", element("thead", head), bodies, class_="scoreboard")


def _row(row: Row, names: Sequence[str]) -> Markup:
    label = element("th", row.label, element("small", row.note) if row.note else None, scope="row")
    cells = [
        element(
            "td",
            element(
                "div",
                element("b", cell.text),
                meter(cell.share, cell.tone) or element("span"),
                element("small", cell.note) if cell.note else None,
            ),
            data_label=name,
        )
        for name, cell in zip(names, row.cells, strict=True)
    ]
    return element("tr", label, cells)
