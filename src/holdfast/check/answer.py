"""What a check answered, and what all of them come to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Answer", "worst"]

_WORST_FIRST = (130, 2, 4, 1, 3, 5, 0)
"""What was called wrongly has shown nothing, and what is wrong comes before what is open."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`code`: as in docs/exit-codes.md, None where it was skipped. `why` it was, or what was run."""

    name: str
    code: int | None
    why: str
    seconds: float = 0.0


def worst(answers: Iterable[Answer]) -> int:
    """Return the exit code of all: the worst; 5 where everything was skipped, since nothing was decided."""
    codes = {answer.code for answer in answers} - {None}
    return next((code for code in _WORST_FIRST if code in codes), 5)
