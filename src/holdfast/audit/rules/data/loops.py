"""The loops of a function: what they go over, what each turn evaluates, and what of it is the turn's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from holdfast.audit.graph.program import statements
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Statement
from holdfast.audit.source.inside import own, parts

__all__ = ["Loop", "loops", "names"]


@dataclass(frozen=True, slots=True)
class Loop:
    """A `for`, or a comprehension with its outermost `for`, whose `body` is (); `evaluated` is what each turn
    evaluates."""

    target: Expression
    over: Expression
    body: tuple[Statement, ...]
    evaluated: tuple[Expression, ...]

    def of_turn(self) -> set[str]:
        """Return the names whose values a turn has for itself: the element, and what is made of it."""
        found = names(self.target)
        size = -1
        while size < len(found):
            size = len(found)
            for statement in statements(self.body):
                if statement[0] == form.FOR and names(statement[2]) & found:
                    found |= names(statement[1])
                if statement[0] == form.ASSIGN and names(statement[2]) & found:
                    found |= names(statement[1]) if statement[1][0] != form.ATTR else set()
            for value in self.evaluated:
                for part in parts(value):
                    if part[0] == form.COMP:
                        for target, over, _, _ in part[3]:
                            found |= names(target) if names(over) & found else set()
        return found


def loops(body: tuple[Statement, ...]) -> Iterator[Loop]:
    """Yield the loops of a function's body, the outer before the inner."""
    for statement in statements(body):
        if statement[0] == form.FOR:
            inside = tuple(value for one in statements(statement[4]) for value in own(one))
            yield Loop(statement[1], statement[2], statement[4], inside)
        for value in own(statement):
            for part in parts(value):
                if part[0] == form.COMP:
                    target, over, tests, _ = part[3][0]
                    rest = tuple(each for one in part[3][1:] for each in (one[1], *one[2]))
                    yield Loop(target, over, (), (part[2], *tests, *rest))


def names(value: Expression) -> set[str]:
    """Return the names that an expression reads or binds."""
    return {part[1] for part in parts(value) if part[0] == form.NAME}
