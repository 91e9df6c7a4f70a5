"""Every number that was held against a measurement, with the place it is written and where it was decided."""

from __future__ import annotations

from holdfast.gate.report.judged import MARK, WORD, margin, sides
from holdfast.gate.result import GateResult, Judgement
from holdfast.page.markup import Markup, element
from holdfast.page.table import Column, place, table

__all__ = ["objectives"]

COLUMNS = (
    Column("Objective", "name"),
    Column("Outcome"),
    Column("Required", "number"),
    Column("Measured", "number"),
    Column("Where the number is from"),
)


def objectives(result: GateResult) -> Markup:
    """Return the table in the order of the document, so that tables side by side agree line by line."""
    rows = [_row(each) for each in result.judgements]
    return table(
        COLUMNS, rows, empty="The budget holds no objective to judge.", folds="2.3fr 1.15fr 1fr 1.25fr"
    )


def _row(judgement: Judgement) -> list[Markup]:
    required, measured = sides(judgement)
    tone = judgement.outcome.replace(" ", "-")
    distance = margin(judgement)
    return [
        element(
            "div",
            judgement.title,
            element("small", judgement.phase) if judgement.phase else None,
            element("small", judgement.why) if judgement.why else None,
        ),
        element(
            "span", f"{MARK[judgement.outcome]} {WORD[judgement.outcome].lower()}", class_=f"badge {tone}"
        ),
        element("span", required),
        element("div", element("b", measured), element("small", distance) if distance else None),
        element(
            "div",
            place(judgement.place),
            element("small", place(judgement.source)) if judgement.source else None,
        ),
    ]
