"""[deferred]: numbers that are knowingly not decided yet."""

from __future__ import annotations

import datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from holdfast.budget.metadata import Fact
from holdfast.budget.model.section import Section

__all__ = ["Deferral"]


def _day(value: object) -> datetime.date:
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value
    try:
        return datetime.date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f'expected a day, such as "2027-03-01", got "{value}"') from None


def _said(value: str) -> str:
    if not value.strip():
        raise ValueError("expected words, got none")
    return value


class Deferral(Section):
    """Why a number is not decided yet, who will, and until when that is acceptable."""

    reason: Annotated[Annotated[str, AfterValidator(_said)], Fact("Why it can wait.")]
    owner: Annotated[Annotated[str, AfterValidator(_said)], Fact("Who decides.")]
    until: Annotated[
        Annotated[datetime.date, BeforeValidator(_day)],
        Fact("The last day; afterwards the number is missing again."),
    ]
