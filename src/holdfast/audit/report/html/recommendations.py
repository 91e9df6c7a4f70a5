"""Part two: impact against effort as a grid, and each recommendation with its why and its trade-off."""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.audit.report.advice import EFFORTS
from holdfast.audit.report.html.said import said
from holdfast.audit.report.parts import SEVERITIES, Recommendation
from holdfast.page.markup import Markup, element
from holdfast.page.table import place

__all__ = ["recommendations"]

_MOST = 8
"""Places that are named; the assessment has them all."""


def recommendations(each: Sequence[Recommendation]) -> Markup:
    """Return the part."""
    if not each:
        return element("p", "Nothing was found that would have to change.", class_="none")
    listed = [_recommendation(one) for one in each]
    return element("div", _grid(each), element("ol", listed, class_="advice"))


def _grid(each: Sequence[Recommendation]) -> Markup:
    head = [element("th", f"{effort} effort", scope="col") for effort in EFFORTS]
    rows = [
        element(
            "tr",
            element("th", f"{impact} impact", scope="row"),
            [
                element("td", _links(each, impact, effort), data_label=f"{effort} effort")
                for effort in EFFORTS
            ],
        )
        for impact in SEVERITIES
    ]
    return element(
        "table",
        element("thead", element("tr", element("td"), head)),
        element("tbody", rows),
        class_="effort",
    )


def _links(each: Sequence[Recommendation], impact: str, effort: str) -> list[Markup]:
    return [
        element("a", f"{one.code} {one.title}", href=f"#do-{one.code}")
        for one in each
        if (one.impact, one.advice.effort) == (impact, effort)
    ]


def _recommendation(one: Recommendation) -> Markup:
    named = [element("li", place(f"{found['file']}:{found['line']}")) for found in one.findings[:_MOST]]
    more = len(one.findings) - len(named)
    measured = f", measured {one.seconds:.3g} s" if one.seconds is not None else ""
    return element(
        "li",
        element("h3", f"{one.code} {one.title}"),
        element("p", f"{one.impact} impact{measured}, {one.advice.effort} effort", class_="quiet"),
        element("p", element("b", "Why: "), said(f"{one.rule.what} {one.rule.why}")) if one.rule else None,
        [element("p", element("b", "Do: "), said(fix)) for fix in one.fixes],
        element("p", element("b", "Trade-off: "), said(one.advice.trade_off)),
        element("ul", named, element("li", f"and {more} more") if more else None, class_="facts"),
        id=f"do-{one.code}",
    )
