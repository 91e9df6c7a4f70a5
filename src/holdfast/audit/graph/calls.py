"""What a call gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from holdfast.audit.graph import value as v
from holdfast.audit.graph.injection import PROVIDERS
from holdfast.audit.graph.names import BUILTINS
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.program import FunctionKey, statements
from holdfast.audit.graph.value import NOTHING, Value, Values, union
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression

if TYPE_CHECKING:
    from holdfast.audit.graph.infer import Inference

__all__ = ["Calls"]

_CONTEXT = frozenset({"contextlib.contextmanager", "contextlib.asynccontextmanager"})


class Calls:
    """Calls of functions, classes, and libraries."""

    def __init__(self, engine: Inference) -> None:
        self._engine = engine

    def called(self, call: Expression, place: Place) -> Values:
        """Return what the expression `call` gives."""
        found: set[Value] = set()
        for one in self._engine.possible(call[1], place):
            if one[0] == v.OUTSIDE:
                found |= self._outside(one[1], call, place)
            else:
                found |= self.call(one)
        return frozenset(found)

    def _outside(self, path: str, call: Expression, place: Place) -> Values:
        if path in PROVIDERS:
            return self._engine.injection.dependency(call, place)
        if path in ("functools.partial", "partial") and call[2]:
            return frozenset((v.PARTIAL, one) for one in self._engine.possible(call[2][0], place))
        if path in ("typing.cast", "cast") and len(call[2]) > 1:
            return self._engine.types.typed(call[2][0], place) or self._engine.possible(call[2][1], place)
        if path in ("list", "tuple", "set", "sorted", "reversed", "iter") and call[2]:
            return self._engine.possible(call[2][0], place)
        if path == "next" and call[2]:
            return self._engine.elements(call[2][0], place)
        if path == "dict":
            return frozenset(
                (v.ITEMS, one) for _, value in call[3] for one in self._engine.possible(value, place)
            )
        if path == "super":
            return self._super(place)
        if path in ("asyncio.create_task", "asyncio.ensure_future", "asyncio.shield", "asyncio.wait_for"):
            return self._engine.possible(call[2][0], place) if call[2] else NOTHING
        if path == "asyncio.gather":
            inner = union(self._engine.possible(one, place) for one in call[2])
            awaited = union(self.awaited(one) for one in inner)
            return frozenset((v.AWAITABLE, (v.ITEMS, one)) for one in awaited)
        if path in BUILTINS:
            return NOTHING
        return frozenset({(v.MADE, self._engine.library.given(path) or path)})

    def _super(self, place: Place) -> Values:
        if place.function is None:
            return NOTHING
        owner = self._engine.program.function((place.module, place.function)).owner
        if owner is None:
            return NOTHING
        key = (place.module, owner)
        found: set[Value] = {(v.OBJECT, *base) for base in self._engine.family.bases(key)}
        place = Place(key[0])
        for base in self._engine.program.class_(key).bases:
            found |= {(v.MADE, one[1]) for one in self._engine.possible(base, place) if one[0] == v.OUTSIDE}
        return frozenset(found)

    def call(self, one: Value) -> Values:
        """Return what calling `one` gives."""
        kind = one[0]
        if kind in (v.FUNCTION, v.BOUND):
            return self.result((one[-2], one[-1]))
        if kind == v.CLASS:
            return frozenset({(v.OBJECT, one[1], one[2])})
        if kind == v.PARTIAL:
            return self.call(one[1])
        if kind == v.GIVER:
            return frozenset({one[1]})
        if kind == v.OBJECT:
            return union(self.call(each) for each in self._engine.members.member(one, "__call__"))
        if kind == v.OUTSIDE:
            return frozenset({(v.MADE, self._engine.library.given(one[1]) or one[1])})
        if kind == v.MADE:
            path = v.result(one[1])
            return frozenset({(v.MADE, self._engine.library.given(path) or path)})
        return NOTHING

    def result(self, key: FunctionKey) -> Values:
        """Return what a call of a function of the program gives, before it is awaited or iterated."""
        found = self.returned(key)
        function = self._engine.program.function(key)
        if function.generator:
            return found
        if function.asynchronous:
            return frozenset((v.AWAITABLE, one) for one in found)
        return found

    def returned(self, key: FunctionKey) -> Values:
        """Return what a function returns or yields; of an async one what awaiting it gives."""
        return self._engine.queries.ask(("returned", key), self._returned, key)

    def _returned(self, key: FunctionKey) -> Values:
        self._engine.reads(key[0])
        function = self._engine.program.function(key)
        place = Place(*key)
        found: set[Value] = set()
        if function.returns is not None:
            declared = self._engine.types.typed(
                function.returns, Place(key[0], function.within, function.owner)
            )
            found |= declared
        if not found:
            self._engine.reads(key[0], inside=True)
            for statement in statements(function.body):
                if statement[0] == form.RETURN:
                    found |= self._engine.possible(statement[1], place)
                for yielded in _yields(statement):
                    found |= {(v.ITEMS, one) for one in self._engine.possible(yielded, place)}
        if function.generator and _CONTEXT & self._engine.members.kinds_of(key):
            return frozenset(one[1] if one[0] == v.ITEMS else one for one in found)
        return frozenset(found)

    def awaited(self, one: Value) -> Values:
        """Return what `await one` gives."""
        if one[0] == v.AWAITABLE:
            return frozenset({one[1]})
        return frozenset({one}) if one[0] in (v.MADE, v.OBJECT, v.ITEMS) else NOTHING

    def entered(self, one: Value, asynchronous: bool) -> Values:
        """Return what `with one as name` binds."""
        if one[0] == v.OBJECT:
            methods = ("__aenter__", "__enter__") if asynchronous else ("__enter__", "__aenter__")
            found, other = (self._engine.members.member(one, each) for each in methods)
            if other and not found:
                return NOTHING  # the twin for the other kind of `with`: it is not what stands here
            made = union(self.call(each) for each in found)
            made = union(self._engine.injection.settled(each) for each in made)
            return made or frozenset({one})
        if one[0] == v.MADE:
            given = self._engine.library.given(f"{one[1]}.with")
            return frozenset({(v.MADE, given)}) if given else frozenset({one})
        return frozenset({one})


def _yields(statement: Expression) -> Iterator[Expression]:
    for part in statement[1:3]:
        if isinstance(part, tuple) and part and part[0] == form.YIELD:
            yield part[1]
