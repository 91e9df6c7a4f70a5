"""How a request ended, sorted into families: each has a name, a colour and a pattern of its own.

The document counts outcomes by words ("503 shed", "reset"). Views need an order and a look for words they
have not met before too; colour never speaks alone, so each family is also told by its pattern and its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Cause", "Family", "causes", "family"]


class Family(StrEnum):
    """The families, in the order of a stacked bar: from answered to never sent."""

    ANSWERED = "answered"
    DEGRADED = "degraded"
    CLIENT_ERROR = "client-error"
    SHED = "shed"
    DEADLINE = "deadline"
    DEPENDENCY = "dependency"
    SERVER_ERROR = "server-error"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    NOT_SENT = "not-sent"


ORDER = {each: index for index, each in enumerate(Family)}
WORDS = {
    "wrong answer": Family.SERVER_ERROR,
    "shed": Family.SHED,
    "deadline": Family.DEADLINE,
    "dependency": Family.DEPENDENCY,
    "degraded": Family.DEGRADED,
    "timeout": Family.TIMEOUT,
    "not sent": Family.NOT_SENT,
    "reset": Family.CONNECTION,
    "refused": Family.CONNECTION,
    "malformed": Family.CONNECTION,
}
STATUS = {
    "1": Family.ANSWERED,
    "2": Family.ANSWERED,
    "3": Family.ANSWERED,
    "4": Family.CLIENT_ERROR,
    "5": Family.SERVER_ERROR,
}


@dataclass(frozen=True, slots=True)
class Cause:
    """One outcome of a phase: its words, family, count and share of all outcomes counted."""

    name: str
    family: Family
    count: int
    share: float


def family(outcome: str) -> Family:
    """Return the family of an outcome's words; what the guard said goes before the bare status."""
    for word, found in WORDS.items():
        if word in outcome:
            return found
    if outcome.startswith("429"):
        return Family.SHED
    return STATUS.get(outcome[:1], Family.SERVER_ERROR)


def causes(outcomes: Mapping[str, int]) -> tuple[Cause, ...]:
    """Return the outcomes that occurred, in the order of the families, larger ones first within one."""
    total = sum(outcomes.values())
    found = [
        Cause(name, family(name), number, number / total) for name, number in outcomes.items() if number > 0
    ]
    return tuple(sorted(found, key=lambda each: (ORDER[each.family], -each.count, each.name)))
