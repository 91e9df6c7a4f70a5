"""[sli]: what counts as good, once, for guard, gate and alerts."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from holdfast.budget.metadata import Mechanism
from holdfast.budget.model.references import WORKBOOK_SLO
from holdfast.budget.model.section import Section, contradiction

__all__ = ["OUTCOMES", "Sli"]

OUTCOMES = ("2xx", "3xx", "4xx", "5xx", "shed", "deadline", "dependency", "ratelimited", "disconnect")
"""The classes of outcomes that [sli] may name, next to a single status such as "429"."""


def _outcome(value: str) -> str:
    if value not in OUTCOMES and not re.fullmatch(r"[1-5]\d\d", value):
        known = ", ".join(f'"{word}"' for word in OUTCOMES)
        raise ValueError(f'expected one of {known} or a status such as "429", got "{value}"')
    return value


_Outcome = Annotated[str, AfterValidator(_outcome)]


class Sli(Section):
    """What counts as good, once, for guard, gate and alerts."""

    bad: Annotated[
        tuple[_Outcome, ...],
        Mechanism(
            "Outcomes that spend the error budget: a status of 500 and above, as in the workbook, whether "
            "the service failed or refused.",
            WORKBOOK_SLO,
        ),
    ] = ("5xx", "shed", "deadline")
    excluded: Annotated[
        tuple[_Outcome, ...],
        Mechanism(
            "Outcomes that count neither way. The workbook takes the caller's own mistakes for successes; "
            "left out, a scanner's 404s do not hide failures.",
            WORKBOOK_SLO,
        ),
    ] = ("4xx", "disconnect")
    degraded: Annotated[
        Literal["good", "bad", "excluded"],
        Mechanism(
            'What an answer made without a dependency counts as. "bad" until somebody accepts it.',
            WORKBOOK_SLO,
        ),
    ] = "bad"

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if both := sorted(set(self.bad) & set(self.excluded)):
            raise contradiction(f'"{both[0]}" is both bad and excluded', "excluded", "bad")
        return self
