"""The verdict first: what was decided, what failed and by how much, where the number comes from."""

from __future__ import annotations

from holdfast.gate.report.html.chart.bullet import bullet
from holdfast.gate.report.judged import MARK, WORD, by_outcome, margin, sides
from holdfast.gate.report.quantity import NOTHING
from holdfast.gate.result import GateResult, Judgement
from holdfast.page.markup import Markup, element
from holdfast.page.table import place

__all__ = ["verdict"]

MOST_CARDS = 6


def verdict(result: GateResult, name: str = "") -> Markup:
    """Return the banner and the cards of what decided it. `name` heads it where several stand together."""
    decided = result.verdict
    tone = decided.outcome.replace(" ", "-")
    return element(
        "div",
        element(
            "div",
            element("span", MARK[decided.outcome], class_="mark", aria_hidden="true"),
            element(
                "div",
                element("p", name, class_="form") if name else None,
                element("p", WORD[decided.outcome], class_="word"),
            ),
            element("p", decided.summary, class_="summary"),
            class_="banner",
        ),
        element("p", element("strong", "Scale: "), result.scale.statement, class_="scale")
        if result.scale.statement
        else None,
        _cards(result),
        class_=f"verdict {tone}",
    )


def _cards(result: GateResult) -> Markup | None:
    blamed = by_outcome(result, "fail", "missing", "cannot tell")
    shown = blamed or [each for each in by_outcome(result, "pass") if each.id.startswith("objective.")]
    if not shown:
        return None
    cards = [_card(each) for each in shown[:MOST_CARDS]]
    more = len(shown) - len(cards)
    rest = element("p", f"and {more} more in the table of objectives", class_="quiet") if more > 0 else None
    return element("div", element("ul", cards, class_="cards"), rest)


def _card(judgement: Judgement) -> Markup:
    required, measured = sides(judgement)
    said = margin(judgement) or (judgement.why if judgement.measured is None else "")
    return element(
        "li",
        element(
            "p",
            element("span", MARK[judgement.outcome], class_="mark", aria_hidden="true"),
            element("span", element("strong", judgement.title), element("small", judgement.phase)),
            class_="title",
        ),
        element(
            "p",
            element("b", measured if judgement.measured is not None else NOTHING),
            element("span", f"required {required}", class_="quiet"),
            class_="figures",
        ),
        bullet(judgement),
        element("p", said, class_="margin") if said else None,
        element("p", judgement.why, class_="quiet why") if judgement.why and said != judgement.why else None,
        element("p", place(judgement.place), class_="origin") if judgement.place else None,
        element("p", "decided in ", place(judgement.source), class_="origin") if judgement.source else None,
        class_=f"card {judgement.outcome.replace(' ', '-')}",
    )
