"""What FastAPI gives a parameter: what `Depends(f)` provides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.audit.graph import value as v
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.value import NOTHING, Value, Values, union
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression

if TYPE_CHECKING:
    from holdfast.audit.graph.infer import Inference

__all__ = ["Injection"]

PROVIDERS = frozenset({"fastapi.Depends", "fastapi.Security", "fastapi.params.Depends"})


class Injection:
    """Dependencies of routes and of each other."""

    def __init__(self, engine: Inference) -> None:
        self._engine = engine

    def provided(self, default: Expression, place: Place) -> Values:
        """Return what a default gives: of Depends(f) what f gives."""
        if default[0] == form.CALL:
            for one in self._engine.possible(default[1], place):
                if one[0] == v.OUTSIDE and one[1] in PROVIDERS:
                    return self.dependency(default, place)
        return self._engine.possible(default, place)

    def dependency(self, call: Expression, place: Place) -> Values:
        """Return what the expression `Depends(f)` injects."""
        given = [*call[2], *(value for name, value in call[3] if name == "dependency")]
        if not given:
            return NOTHING
        found = NOTHING
        for one in self._engine.possible(given[0], place):
            found |= union(self.settled(made) for made in self._engine.calls.call(one))
        return found

    def settled(self, one: Value) -> Values:
        """Return what a dependency injects: what was awaited, or yielded."""
        if one[0] == v.AWAITABLE:
            return frozenset({one[1]})
        return frozenset({one[1]}) if one[0] == v.ITEMS else frozenset({one})
