"""Why: the evidence behind the objectives that failed."""

from __future__ import annotations

from holdfast.gate.result import GateResult
from holdfast.page.markup import Markup, element
from holdfast.page.table import place

__all__ = ["reasons"]


def reasons(result: GateResult) -> Markup:
    """Return the reasons, the heaviest first as the gate wrote them."""
    if not result.reasons:
        return element("p", "Nothing failed that would need a reason.", class_="none")
    return element(
        "ol",
        [
            element(
                "li",
                element("strong", each.title),
                element("p", each.detail) if each.detail else None,
                element("p", place(each.place), class_="origin") if each.place else None,
            )
            for each in result.reasons
        ],
        class_="reasons",
    )
