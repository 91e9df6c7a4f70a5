"""What something annotated may be: the type that is written, read as its instances."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from holdfast.audit.graph import value as v
from holdfast.audit.graph.names import BUILTINS
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.value import NOTHING, Value, Values, union
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression

if TYPE_CHECKING:
    from holdfast.audit.graph.infer import Inference

__all__ = ["Types"]

_HOLDERS = frozenset(
    {
        *(
            "list",
            "List",
            "set",
            "Set",
            "frozenset",
            "FrozenSet",
            "deque",
            "Sequence",
            "Iterable",
            "Iterator",
        ),
        *("Collection", "AsyncIterator", "AsyncIterable", "AsyncGenerator", "Generator", "tuple", "Tuple"),
        *("MutableSequence", "AbstractSet"),
    }
)
_MAPPINGS = frozenset({"dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "OrderedDict"})
_THROUGH = frozenset({"Optional", "Union", "Annotated", "ClassVar", "Final", "Required", "NotRequired"})


class Types:
    """Reads annotations."""

    def __init__(self, engine: Inference) -> None:
        self._engine = engine
        self._open: set[tuple[int, str]] = set()

    def typed(self, annotation: Expression, place: Place) -> Values:
        """Return what something annotated so may be."""
        tag = annotation[0]
        if tag == form.OR:
            return self.typed(annotation[1], place) | self.typed(annotation[2], place)
        if tag == form.SUB:
            return self._generic(annotation, place)
        if tag in (form.NAME, form.ATTR):
            return self._instances(annotation, place)
        return NOTHING

    def _instances(self, annotation: Expression, place: Place) -> Values:
        found: set[Value] = set()
        for one in self._engine.possible(annotation, place):
            if one[0] == v.CLASS:
                found.add((v.OBJECT, *one[1:]))
            elif one[0] == v.OUTSIDE and one[1] not in BUILTINS and not one[1].startswith("typing."):
                found.add((v.MADE, one[1]))
        if not found and annotation[0] == form.NAME:
            found |= self._alias(annotation[1], place)
        return frozenset(found)

    def _alias(self, name: str, place: Place) -> Values:
        """Return what a name stands for that was assigned a type: `Db = Annotated[Session, Depends(f)]`.

        One that stands in its own definition, `Json = str | list[Json]`, adds nothing there.
        """
        for alias in self._where(name, place):
            module, written = alias
            if alias in self._open:
                return NOTHING
            for expression in self._engine.program.top[module].values.get(written, ()):
                if expression[0] in (form.SUB, form.OR):
                    self._open.add(alias)
                    try:
                        return self.typed(expression, Place(module))
                    finally:
                        self._open.discard(alias)
        return NOTHING

    def _where(self, name: str, place: Place) -> Iterator[tuple[int, str]]:
        """Yield the module and the name under which `name` was first defined, imports followed."""
        module, written = place.module, name
        for _ in range(10):
            self._engine.reads(module)
            path = self._engine.program.top[module].imports.get(written)
            if path is None:
                yield module, written
                return
            found = self._origin(module, path)
            if found is None:
                return
            module, written = found

    def _origin(self, module: int, path: str) -> tuple[int, str] | None:
        finder = self._engine.program.finder
        if path.startswith("."):
            parts = finder.relative(module, path)
            found = finder.at(parts[:-1])
            return (found, parts[-1]) if found is not None else None
        dotted = tuple(path.split("."))
        if len(dotted) < 2:
            return None
        found = finder.find(module, dotted[:-1])
        return (found, dotted[-1]) if found is not None else None

    def _generic(self, annotation: Expression, place: Place) -> Values:
        base, held = annotation[1], annotation[2]
        word = base[2] if base[0] == form.ATTR else base[1] if base[0] == form.NAME else ""
        inner: tuple[Expression, ...] = held[2] if held[0] == form.SEQ and held[1] == "tuple" else (held,)
        if word == "Annotated":
            found = self.typed(inner[0], place)
            for extra in inner[1:]:
                if extra[0] == form.CALL:
                    provided = self._engine.injection.provided(extra, place)
                    found |= frozenset(one for one in provided if one[0] in (v.OBJECT, v.MADE))
            return found
        if word in _THROUGH:
            return union(self.typed(one, place) for one in inner)
        if word in ("type", "Type"):
            return union(self._engine.possible(one, place) for one in inner)
        if word in ("Awaitable", "Coroutine"):
            return frozenset((v.AWAITABLE, one) for one in self.typed(inner[-1], place))
        if word in _HOLDERS:
            return frozenset((v.ITEMS, one) for one in self.typed(inner[0], place))
        if word in _MAPPINGS:
            return frozenset((v.ITEMS, one) for one in self.typed(inner[-1], place))
        if word in ("Callable", "Literal"):
            return NOTHING
        return self.typed(base, place)
