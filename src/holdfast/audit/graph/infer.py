"""What an expression may be, at its place in the program.

Insensitive to the order of statements: a name may be whatever was ever bound to it in its scope. Parameters
without a type are what callers are known to pass (`passed`); that is learnt in rounds, each from the one
before, see `Learning`. What cannot be known is nothing, never everything: a finding needs a proof.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from holdfast.audit.graph import value as v
from holdfast.audit.graph.calls import Calls
from holdfast.audit.graph.family import Family
from holdfast.audit.graph.injection import Injection
from holdfast.audit.graph.kept import Kept, Record
from holdfast.audit.graph.library import Library
from holdfast.audit.graph.members import Members
from holdfast.audit.graph.names import Names
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.program import FunctionKey, Program
from holdfast.audit.graph.queries import Queries
from holdfast.audit.graph.types import Types
from holdfast.audit.graph.value import MOST, NOTHING, Value, Values, ordered, union
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression

__all__ = ["Inference", "Passed"]

Passed: TypeAlias = Mapping[tuple[FunctionKey, str], Values]
"""What callers pass, by function and parameter."""


class Inference:
    """Over one program; `library` says what the calls of libraries give.

    The work is done by its parts: `names`, `types` (annotations), `members` (attributes), `family` (classes
    and their bases), `calls` (what a call gives) and `injection` (what FastAPI gives a parameter). They ask
    each other through here; `queries` keeps the answers.
    """

    def __init__(
        self,
        program: Program,
        library: Library,
        before: Callable[[int], Record] = lambda _: {},
        dirty: int = 0,
    ) -> None:
        """`before` and `dirty`: what the last audit kept, and what has changed since, see `Kept`."""
        self.program = program
        self.library = library
        self.queries = Queries()
        self.kept = Kept(self.queries, self.fact, before, dirty)
        self._passed: Passed = {}
        self.names = Names(self)
        self.types = Types(self)
        self.members = Members(self)
        self.family = Family(self)
        self.calls = Calls(self)
        self.injection = Injection(self)

    def learn(self, passed: Passed) -> bool:
        """Take what callers pass to parameters from now on; True when that is new."""
        before, self._passed = self._passed, passed
        changed = {key for key in before.keys() | passed.keys() if before.get(key) != passed.get(key)}
        self.queries.forget({("passed", *key) for key in changed})
        return bool(changed)

    def passed(self, function: FunctionKey, parameter: str) -> Values:
        """Return what callers are known to pass."""
        self.queries.use(("passed", function, parameter))
        return self._passed.get((function, parameter), NOTHING)

    def fact(self, key: Any) -> Any:
        """Return what is known now of a fact that answers are made of, by its key in their traces."""
        if key[0] == "passed":
            return self._passed.get(key[1:], NOTHING)
        return self.family.below(key[1])

    def reads(self, module: int, *, inside: bool = False) -> None:
        """Note that what a module defines was read, or what stands `inside` its functions."""
        self.queries.read |= self.program.inside[module] if inside else self.program.shape[module]

    def values(self, expression: Expression, place: Place) -> tuple[Value, ...]:
        """Return what `expression` may be, in an order that is the same each time."""
        return ordered(self.possible(expression, place))

    def possible(self, expression: Expression, place: Place) -> Values:
        """Return what `expression` may be."""
        tag = expression[0]
        if tag == form.TEXT:
            return frozenset({(v.TEXT, expression[1])})
        if tag in (form.CONST, form.NUMBER):
            return NOTHING
        return self.queries.ask((id(expression), place), self._possible, expression, place)

    def _possible(self, expression: Expression, place: Place) -> Values:
        self.reads(place.module, inside=place.function is not None)
        found = self._evaluate(expression, place)
        return frozenset(ordered(found)[:MOST]) if len(found) > MOST else found

    def _evaluate(self, expression: Expression, place: Place) -> Values:
        tag = expression[0]
        if tag == form.NAME:
            return self.names.name(expression[1], place)
        if tag == form.ATTR:
            return union(
                self.members.member(one, expression[2]) for one in self.possible(expression[1], place)
            )
        if tag == form.CALL:
            return self.calls.called(expression, place)
        if tag == form.AWAIT:
            return union(self.calls.awaited(one) for one in self.possible(expression[1], place))
        if tag == form.SUB:
            return union(self.element(one, expression[2]) for one in self.possible(expression[1], place))
        if tag == form.ANY:
            return union(self.possible(one, place) for one in expression[1])
        if tag == form.WALRUS:
            return self.possible(expression[2], place)
        if tag == form.LAMBDA:
            return frozenset({(v.FUNCTION, place.module, expression[1])})
        if tag == form.SEQ:
            inner = union(self.possible(one, place) for one in expression[2])
            return frozenset((v.ITEMS, one) for one in inner)
        if tag == form.DICT:
            inner = union(self.possible(one, place) for one in expression[2])
            return frozenset((v.ITEMS, one) for one in inner)
        if tag == form.COMP:
            return frozenset((v.ITEMS, one) for one in self.possible(expression[2], place))
        if tag == form.OR:
            return self.possible(expression[1], place) | self.possible(expression[2], place)
        return NOTHING

    def elements(self, expression: Expression, place: Place) -> Values:
        """Return what iterating over `expression` may give."""
        return union(self.element(one, None) for one in self.possible(expression, place))

    def element(self, one: Value, index: Expression | None) -> Values:
        """Return what `one[index]` may be; without an index, what iterating over it gives."""
        kind = one[0]
        if kind == v.ITEMS:
            return frozenset({one[1]})
        if kind == v.OUTSIDE:  # a generic alias: Session[X] is still a Session
            return frozenset({one}) if index is not None else NOTHING
        if kind == v.CLASS:
            return frozenset({one}) if index is not None else NOTHING
        if kind == v.MADE:
            given = self.library.given(f"{one[1]}.[]")
            return frozenset({(v.MADE, given)}) if given else NOTHING
        if kind == v.OBJECT:
            method = "__getitem__" if index is not None else "__iter__"
            return union(self.calls.call(target) for target in self.members.member(one, method))
        return NOTHING
