"""What an attribute may be: of a module, a library, a class or its instances."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from holdfast.audit.graph import value as v
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.program import ClassKey, FunctionKey, statements
from holdfast.audit.graph.value import NOTHING, Value, Values
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression

if TYPE_CHECKING:
    from holdfast.audit.graph.infer import Inference

__all__ = ["Members"]

_MAKING = frozenset({"__init__", "__new__", "__post_init__"})
"""Methods of a class that is named: what inherits from it is another one."""
_PROPERTIES = frozenset({"property", "functools.cached_property", "cached_property"})


class Members:
    """Looks attributes up."""

    def __init__(self, engine: Inference) -> None:
        self._engine = engine
        self._fields: dict[ClassKey, dict[str, list[tuple[Expression, Place, str]]]] = {}

    def member(self, one: Value, name: str) -> Values:
        """Return what `one.name` may be."""
        return self._engine.queries.ask((one, name), self._member, one, name)

    def _member(self, one: Value, name: str) -> Values:
        kind = one[0]
        if kind == v.MODULE:
            found = self._engine.names.top(one[1], name)
            if found and found != frozenset({(v.OUTSIDE, name)}):
                return found
            parts = self._engine.program.finder.parts(one[1])
            inner = self._engine.program.finder.at((*parts, name))
            return frozenset({(v.MODULE, inner)}) if inner is not None else NOTHING
        if kind == v.OUTSIDE:
            return frozenset({(v.OUTSIDE, v.attribute(one[1], name))})
        if kind == v.MADE:
            path = v.attribute(one[1], name)
            given = self._engine.library.attribute(path)
            return frozenset({(v.MADE, given)}) if given else frozenset({(v.OUTSIDE, path)})
        if kind in (v.OBJECT, v.CLASS):
            return self._of_class(one, name)
        if kind == v.ITEMS and name in ("get", "pop", "popleft", "setdefault", "get_nowait"):
            return frozenset({(v.GIVER, one[1])})
        if kind == v.ITEMS and name == "values":
            return frozenset({(v.GIVER, one)})
        if kind == v.PARTIAL and name in ("func", "__wrapped__"):
            return frozenset({one[1]})
        return NOTHING

    def _of_class(self, one: Value, name: str) -> Values:
        receiver, key = one, (one[1], one[2])
        if name == "awaitable_attrs":  # SQLAlchemy's AsyncAttrs: the same attributes, to be awaited
            return frozenset({one})
        found: set[Value] = set()
        for at in self._engine.family.lineage(key):
            found |= self._defined(receiver, at, name)
            if found:
                break
        if not found:
            for path in self._engine.family.outside_bases(key):
                found.add((v.OUTSIDE, f"{path}.{name}"))
        methods = [each for each in found if each[0] == v.BOUND]
        if name in _MAKING:
            return frozenset(found)
        if receiver[0] == v.OBJECT and (not methods or all(self._abstract((m[2], m[3])) for m in methods)):
            for below in self._engine.family.descendants(key):
                here = (v.OBJECT, *below)
                found |= self._defined(here, below, name)
        return frozenset(found)

    def _defined(self, receiver: Value, key: ClassKey, name: str) -> set[Value]:
        self._engine.reads(key[0])
        found: set[Value] = set()
        index = self._engine.program.class_(key).functions.get(name)
        if index is not None:
            function = (key[0], index)
            kinds = self.kinds_of(function)
            if kinds & _PROPERTIES:
                found |= self._engine.calls.returned(function)
            elif "staticmethod" in kinds:
                found.add((v.FUNCTION, *function))
            else:
                found.add((v.BOUND, receiver, *function))
        place = Place(key[0], None, key[1])
        scope = self._engine.program.class_scope(key)
        if scope.annotations.get(name) is not None:
            found |= self._engine.types.typed(scope.annotations[name], place)
        for expression in scope.values.get(name, ()):
            for each in self._engine.possible(expression, place):
                bound = each[0] == v.FUNCTION and receiver[0] == v.OBJECT
                found.add((v.BOUND, receiver, *each[1:]) if bound else each)
        for index in scope.classes.get(name, ()):
            found.add((v.CLASS, key[0], index))
        for expression, at, kind in self._assigned(key).get(name, ()):
            if kind == "type":
                found |= self._engine.types.typed(expression, at)
            elif kind == "element":
                found |= {(v.ITEMS, each) for each in self._engine.possible(expression, at)}
            else:
                found |= self._engine.possible(expression, at)
        return found

    def _assigned(self, key: ClassKey) -> dict[str, list[tuple[Expression, Place, str]]]:
        """Return what the methods of a class assign to attributes of `self`."""
        known = self._fields.get(key)
        if known is not None:
            return known
        known = self._fields[key] = defaultdict(list)
        module = self._engine.program.modules[key[0]]
        for index in module.classes[key[1]].functions.values():
            function = module.functions[index]
            if not function.parameters:
                continue
            me, place = function.parameters[0].name, Place(key[0], index)
            for statement in statements(function.body):
                if statement[0] == form.ASSIGN:
                    target, value = statement[1], statement[2]
                    if _is_own(target, me):
                        known[target[2]].append((value, place, "value"))
                    elif target[0] == form.SUB and _is_own(target[1], me):
                        known[target[1][2]].append((value, place, "element"))
                    elif target[0] == form.SEQ and value[0] == form.SEQ and len(target[2]) == len(value[2]):
                        for part, each in zip(target[2], value[2], strict=True):
                            if _is_own(part, me):
                                known[part[2]].append((each, place, "value"))
                elif statement[0] == form.ANNOTATE and _is_own(statement[1], me):
                    known[statement[1][2]].append((statement[2], place, "type"))
                    if statement[3] is not None:
                        known[statement[1][2]].append((statement[3], place, "value"))
        return known

    def kinds_of(self, key: FunctionKey) -> set[str]:
        """Return the names and paths of a function's decorators."""
        self._engine.reads(key[0])
        place = Place(key[0])
        found: set[str] = set()
        for decorator in self._engine.program.function(key).decorators:
            if decorator[0] == form.NAME:
                found.add(decorator[1])
            found |= {one[1] for one in self._engine.possible(decorator, place) if one[0] == v.OUTSIDE}
        return found

    def _abstract(self, key: FunctionKey) -> bool:
        self._engine.reads(key[0])
        function = self._engine.program.function(key)
        if any("abstract" in part for part in _words(function.decorators)):
            return True
        body = function.body
        return all(one[0] == form.RAISE for one in body)


def _is_own(target: Expression, me: str) -> bool:
    return bool(target[0] == form.ATTR and target[1][0] == form.NAME and target[1][1] == me)


def _words(expressions: Iterable[Expression]) -> Iterator[str]:
    for one in expressions:
        if one[0] in (form.NAME, form.ATTR):
            yield str(one[-1])
