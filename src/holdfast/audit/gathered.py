"""What a rule about the whole program has to know of each module.

Such a rule puts a question to each module by itself, as a `Part`, and joins the answers. These are kept for
the next audit, like the findings of rules by module; the join is made anew each time, so it has to be cheap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from holdfast.audit.part import Bits, Part
from holdfast.audit.whole import Whole

__all__ = ["gathered"]

T = TypeVar("T")


def gathered(whole: Whole, question: Callable[[Whole], T]) -> Sequence[T]:
    """Return what `question` says of each module, by number: of what `marshal` can write.

    It is kept where the rule names the question (`Rule.gathers`).
    """
    known: Sequence[T] | None = whole.answers.get(question)
    if known is None:
        numbers = range(len(whole.program.paths))
        bits = Bits(len(numbers))
        known = whole.answers[question] = [question(Part(whole, number, bits)) for number in numbers]
    return known
