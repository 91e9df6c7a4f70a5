"""What a name may be: looked up as Python does, function by function outwards, then module and built-ins."""

from __future__ import annotations

import builtins
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from holdfast.audit.graph import value as v
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.program import Bindings, FunctionKey, statements
from holdfast.audit.graph.value import NOTHING, Value, Values, ordered, union
from holdfast.audit.source import form
from holdfast.audit.source.form import Function, Parameter

if TYPE_CHECKING:
    from holdfast.audit.graph.infer import Inference

__all__ = ["Names"]

BUILTINS = frozenset(dir(builtins))
"""Names that are there without being bound."""

_OWN = frozenset({v.FUNCTION, v.BOUND, v.CLASS, v.OBJECT, v.PARTIAL})


class Names:
    """Looks names up."""

    def __init__(self, engine: Inference) -> None:
        self._engine = engine
        self._declared: dict[int, dict[str, list[int]]] = {}

    def name(self, name: str, place: Place) -> Values:
        """Return what `name` may be at `place`."""
        function = place.function
        while function is not None:
            key = (place.module, function)
            made = self._engine.program.function(key)
            for parameter in made.parameters:
                if parameter.name == name:
                    return self.parameter(key, made, parameter)
            scope = self._engine.program.scope(key)
            if scope.binds(name):
                return self._bound(scope, name, Place(place.module, function))
            function = made.within
        if place.owner is not None and place.function is None:
            scope = self._engine.program.class_scope((place.module, place.owner))
            if scope.binds(name):
                return self._bound(scope, name, Place(place.module, None, place.owner))
        return self.top(place.module, name)

    def top(self, module: int, name: str) -> Values:
        """Return what `name` may be at the top level of a module."""
        return self._engine.queries.ask(("top", module, name), self._top, module, name)

    def _top(self, module: int, name: str) -> Values:
        self._engine.reads(module)
        scope = self._engine.program.top[module]
        found = self._bound(scope, name, Place(module)) if scope.binds(name) else NOTHING
        found |= self._set_elsewhere(module, name)
        if found or name in scope.imports:
            return found
        for origin in self._engine.program.modules[module].stars:
            for origin_module in self.imported(module, origin):
                if origin_module[0] == v.MODULE:
                    found |= self.top(origin_module[1], name)
                elif origin_module[0] == v.OUTSIDE:
                    pass  # nobody knows what else it names
        if found:
            return found
        return frozenset({(v.OUTSIDE, name)}) if name in BUILTINS else NOTHING

    def _set_elsewhere(self, module: int, name: str) -> Values:
        """Return what functions of the module assign to a name that they declare global."""
        found = NOTHING
        for function in self._globals(module).get(name, ()):
            scope = self._engine.program.scope((module, function))
            place = Place(module, function)
            found |= union(self._engine.possible(one, place) for one in scope.values.get(name, ()))
        return found

    def _globals(self, module: int) -> dict[str, list[int]]:
        key = module
        known = self._declared.get(key)
        if known is None:
            known = self._declared[key] = defaultdict(list)
            for function in self._engine.program.modules[module].functions:
                for statement in statements(function.body):
                    if statement[0] == form.GLOBAL:
                        for name in statement[1]:
                            known[name].append(function.index)
        return known

    def _bound(self, scope: Bindings, name: str, place: Place) -> Values:
        found: set[Value] = set()
        annotation = scope.annotations.get(name)
        if annotation is not None:
            found |= self._engine.types.typed(annotation, place)
        for index in scope.functions.get(name, ()):
            found |= self._decorated((place.module, index), place)
        for index in scope.classes.get(name, ()):
            found.add((v.CLASS, place.module, index))
        if name in scope.imports:
            found |= self.imported(place.module, scope.imports[name])
        for expression in scope.values.get(name, ()):
            found |= self._engine.possible(expression, place)
        for expression in scope.elements.get(name, ()):
            found |= {(v.ITEMS, one) for one in self._engine.possible(expression, place)}
        for iterable, _ in scope.iterated.get(name, ()):
            found |= self._engine.elements(iterable, place)
        for expression, _ in scope.unpacked.get(name, ()):
            found |= self._engine.elements(expression, place)
        for expression, asynchronous in scope.entered.get(name, ()):
            found |= union(
                self._engine.calls.entered(one, asynchronous)
                for one in self._engine.possible(expression, place)
            )
        return frozenset(found)

    def imported(self, module: int, path: str) -> Values:
        """Return what importing `path` into `module` gives."""
        if path.startswith("."):
            parts = self._engine.program.finder.relative(module, path)
            return self._at(parts)
        dotted = tuple(path.split("."))
        for cut in range(len(dotted), 0, -1):
            found = self._engine.program.finder.find(module, dotted[:cut])
            if found is None:
                continue
            values: Values = frozenset({(v.MODULE, found)})
            for name in dotted[cut:]:
                values = union(self._engine.members.member(one, name) for one in values)
            if values:
                return values
            break
        return frozenset({(v.OUTSIDE, path)})

    def _at(self, parts: tuple[str, ...]) -> Values:
        for cut in range(len(parts), 0, -1):
            found = self._engine.program.finder.at(parts[:cut])
            if found is not None:
                values: Values = frozenset({(v.MODULE, found)})
                for name in parts[cut:]:
                    values = union(self._engine.members.member(one, name) for one in values)
                return values
        return NOTHING

    def _decorated(self, key: FunctionKey, place: Place) -> Values:
        """Return what a def is bound to, after its decorators.

        A decorator of the program's own is looked into; one of a library is taken to hand the function on.
        """
        plain: Values = frozenset({(v.FUNCTION, *key)})
        for _, _, made in self._decorating(key, place):
            plain = made
        return plain

    def handed(self, key: FunctionKey) -> Iterator[tuple[Value, Values]]:
        """Yield the program's own decorators of a def, and what each is given."""
        function = self._engine.program.function(key)
        if function.decorators and function.owner is None:
            for decorators, given, _ in self._decorating(key, Place(key[0], function.within)):
                for one in ordered(decorators):
                    yield one, given

    def _decorating(self, key: FunctionKey, place: Place) -> Iterator[tuple[Values, Values, Values]]:
        """Yield for each decorator, the inmost first: what it may be, what it is given, what it makes."""
        given: Values = frozenset({(v.FUNCTION, *key)})
        for decorator in reversed(self._engine.program.function(key).decorators):
            own = frozenset(one for one in self._engine.possible(decorator, place) if one[0] in _OWN)
            made = union(map(self._engine.calls.call, own))
            replaced = frozenset(one for one in made if self._replaces(one, own))
            yield own, given, replaced or given
            given = replaced or given

    def _replaces(self, one: Value, decorators: Values) -> bool:
        """Whether what a decorator gives is of its own making, and not one of all that it was given."""
        if one[0] != v.FUNCTION:
            return one[0] in (v.PARTIAL, v.BOUND)
        makers = ((each[-2], each[-1]) for each in decorators if each[0] in (v.FUNCTION, v.BOUND))
        return self._outermost((one[1], one[2])) in set(map(self._outermost, makers))

    def _outermost(self, key: FunctionKey) -> FunctionKey:
        """Return the function around all that a function is defined in; itself where there is none."""
        self._engine.reads(key[0])
        while (within := self._engine.program.function(key).within) is not None:
            key = (key[0], within)
        return key

    def parameter(self, key: FunctionKey, function: Function, parameter: Parameter) -> Values:
        """Return what a parameter may be: by its type, by what is injected, else by what callers pass."""
        place = Place(key[0], function.within, function.owner)
        if function.owner is not None and parameter is function.parameters[0]:
            names = {one[1] for one in function.decorators if one[0] == form.NAME}
            if "staticmethod" not in names:
                kind = v.CLASS if "classmethod" in names else v.OBJECT
                return frozenset({(kind, key[0], function.owner)})
        found = NOTHING
        if parameter.annotation is not None:
            found = self._engine.types.typed(parameter.annotation, place)
        if parameter.default is not None:
            found |= self._engine.injection.provided(parameter.default, place)
        if parameter.kind in ("args", "kwargs"):
            return frozenset((v.ITEMS, one) for one in found | self._engine.passed(key, parameter.name))
        if not found or parameter.annotation is None:
            found |= self._engine.passed(key, parameter.name)
        return found
