"""Where only few requests go: to fill a memo or a file, to look for a fault, by one of many methods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from holdfast.audit.graph.edges import Edge
from holdfast.audit.graph.given import given
from holdfast.audit.graph.once import diagnostic, memoised, stored
from holdfast.audit.graph.program import FunctionKey, Program
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Function

if TYPE_CHECKING:
    from holdfast.audit.graph.reach import Reach

__all__ = ["Rarely"]


class Rarely:
    """Asked about edges of `reach`, one by one or as the way that they are."""

    def __init__(self, program: Program, reach: Reach) -> None:
        self._program = program
        self._reach = reach
        self._memoised: dict[tuple[FunctionKey, bool], frozenset[int]] = {}
        self._stored: dict[FunctionKey, frozenset[int]] = {}
        self._diagnostic: dict[FunctionKey, frozenset[int]] = {}

    def fills_a_memo(self, way: Iterable[Edge]) -> bool:
        """Whether only a request that finds nothing in a memo of the process goes a way to its end."""
        edges = list(way)
        pairs = zip(edges, self._lasting(edges), strict=True)
        return any(self.is_memoised(edge, lasts=lasts) for edge, lasts in pairs)

    def is_memoised(self, edge: Edge, *, lasts: bool = False) -> bool:
        """Whether only a request that finds nothing in a memo of the process goes this way.

        With `lasts` what the object of a method holds is such a memo.
        """
        single = self._is_single(edge.caller)
        key = (edge.caller, lasts or single)
        found = self._memoised.get(key)
        if found is None:
            function = self._program.function(edge.caller)
            found = self._memoised[key] = memoised(function, instances=key[1], keyed=single)
        return id(edge.site.expression) in found

    def is_one_of_many(self, edge: Edge) -> bool:
        """Whether `edge` goes to a method that stands there for several, of which most do not block.

        Which class it is of, nobody wrote: then it is more likely one of the others.
        """
        call = edge.site.expression
        if edge.callee is None or call[0] != form.CALL or call[1][0] != form.ATTR:
            return False
        meant = {
            one.callee
            for one in self._reach.edges[edge.caller]
            if one.callee is not None
            and one.site.expression is call
            and one.site.entered == edge.site.entered
        }
        real = [one for one in meant if not _is_abstract(self._program.function(one))]
        real = [one for one in real if not self._reach.is_never(one)] or real
        return 2 * sum(map(self._reach.blocks_through, real)) < len(real)

    def _lasting(self, way: Iterable[Edge]) -> Iterator[bool]:
        """Yield for each edge of a way whether the object that its caller is a method of outlives requests.

        It does where it was found outside of the functions of the way: in a module, or around them.
        """
        lasting: set[str] = set()
        for edge in way:
            function = self._program.function(edge.caller)
            me = function.parameters[:1] if function.owner is not None else ()
            yield any(one.name in lasting for one in me)
            lasting = self._passed_on(edge, function, lasting)

    def _passed_on(self, edge: Edge, function: Function, lasting: set[str]) -> set[str]:
        """Return the parameters of what `edge` leads to that get what lasts, itself or a part of it."""
        call = edge.site.expression
        if edge.callee is None or call[0] not in (form.CALL, form.ATTR):
            return set()
        own, scope = {one.name for one in function.parameters}, self._program.scope(edge.caller)

        def lasts(value: Expression) -> bool:
            name = _begins(value)
            found_here = not name or name in own or scope.binds(name)
            return name in lasting or not found_here or (value[0] == form.ATTR and _is_state(value))

        callee = self._program.function(edge.callee)
        passed = {name for name, value in given(callee, call).items() if lasts(value)}
        method = call[1] if call[0] == form.CALL else call
        if callee.owner is not None and callee.parameters and method[0] == form.ATTR and lasts(method):
            passed.add(callee.parameters[0].name)
        return passed

    def is_diagnostic(self, edge: Edge) -> bool:
        """Whether the way goes there only while somebody looks for a fault."""
        found = self._diagnostic.get(edge.caller)
        if found is None:
            found = self._diagnostic[edge.caller] = diagnostic(self._program.function(edge.caller))
        return id(edge.site.expression) in found

    def is_stored(self, edge: Edge) -> bool:
        """Whether only a request that finds nothing on the disk goes this way, and leaves it there."""
        found = self._stored.get(edge.caller)
        if found is None:
            found = self._stored[edge.caller] = stored(self._program.function(edge.caller))
        return id(edge.site.expression) in found

    def _is_single(self, method: FunctionKey) -> bool:
        """Whether the class of a method decides itself when an instance is new, as a singleton does."""
        owner = self._program.function(method).owner
        return owner is not None and "__new__" in self._program.class_((method[0], owner)).functions


def _is_abstract(function: Function) -> bool:
    """Whether a method only says that there is one."""
    return all(one[0] == form.RAISE for one in function.body)


def _begins(value: Expression) -> str:
    """Return the name that a chain of attributes begins with; "" of anything else."""
    while value[0] == form.ATTR:
        value = value[1]
    return str(value[1]) if value[0] == form.NAME else ""


def _is_state(value: Expression) -> bool:
    """Whether a chain of attributes goes through the state of an app: `request.app.state.rates`."""
    words = []
    while value[0] == form.ATTR:
        words.append(value[2])
        value = value[1]
    return ("state", "app") in pairwise(words)
