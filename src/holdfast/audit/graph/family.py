"""Who inherits from whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from holdfast.audit.graph import value as v
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.program import ClassKey
from holdfast.audit.source import form

if TYPE_CHECKING:
    from holdfast.audit.graph.infer import Inference

__all__ = ["Family"]


class Family:
    """Classes of the program, and their bases."""

    def __init__(self, engine: Inference) -> None:
        self._engine = engine
        self._subclasses: dict[ClassKey, tuple[ClassKey, ...]] = {}

    def learn(self) -> None:
        """Find out who inherits from whom. Until then no class has a subclass."""
        kept, modules = self._engine.kept, range(len(self._engine.program.modules))
        before = _below(kept.last(number, "bases") or () for number in modules)
        now = _below(kept.ask(number, "bases", self._all_bases, number) for number in modules)
        self._subclasses = now
        self._engine.queries.forget({("below", key) for key in now})
        changed = {key for key in before.keys() | now.keys() if before.get(key) != now.get(key)}
        kept.settle("below", {("below", key) for key in changed})

    def _all_bases(self, module: int) -> tuple[tuple[ClassKey, ...], ...]:
        self._engine.reads(module)
        return tuple(self.bases((module, one.index)) for one in self._engine.program.modules[module].classes)

    def below(self, key: ClassKey) -> tuple[ClassKey, ...]:
        """Return the classes that name a class among their bases."""
        return self._subclasses.get(key, ())

    def lineage(self, key: ClassKey) -> tuple[ClassKey, ...]:
        """Return a class and those it inherits from, nearest first."""
        return self._engine.queries.ask(("lineage", key), self._lineage, key)

    def _lineage(self, key: ClassKey) -> tuple[ClassKey, ...]:
        return tuple(self._upwards(key))

    def _upwards(self, key: ClassKey) -> Iterator[ClassKey]:
        seen: set[ClassKey] = set()
        queue = [key]
        while queue:
            at = queue.pop(0)
            if at in seen:
                continue
            seen.add(at)
            yield at
            queue.extend(self.bases(at))

    def bases(self, key: ClassKey) -> tuple[ClassKey, ...]:
        """Return the bases of a class that the program defines."""
        return self._engine.queries.ask(("bases", key), self._bases, key)

    def _bases(self, key: ClassKey) -> tuple[ClassKey, ...]:
        self._engine.reads(key[0])
        place = Place(key[0])
        found: list[ClassKey] = []
        for base in self._engine.program.class_(key).bases:
            expression = base[1] if base[0] == form.SUB else base
            made = self._engine.values(expression, place)
            found.extend((one[1], one[2]) for one in made if one[0] == v.CLASS)
        return tuple(found)

    def outside_bases(self, key: ClassKey) -> tuple[str, ...]:
        """Return the paths of the library classes that a class inherits from, at any depth."""
        return self._engine.queries.ask(("outside bases", key), self._outside_bases, key)

    def _outside_bases(self, key: ClassKey) -> tuple[str, ...]:
        found: list[str] = []
        for at in self.lineage(key):
            place = Place(at[0])
            for base in self._engine.program.class_(at).bases:
                expression = base[1] if base[0] == form.SUB else base
                found.extend(one[1] for one in self._engine.values(expression, place) if one[0] == v.OUTSIDE)
        return tuple(found)

    def descendants(self, key: ClassKey) -> list[ClassKey]:
        """Return the classes that inherit from a class, at any depth."""
        found: dict[ClassKey, None] = {}
        queue = [key]
        while queue:
            at = queue.pop()
            self._engine.queries.use(("below", at))
            for below in self._subclasses.get(at, ()):
                if below not in found:
                    found[below] = None
                    queue.append(below)
        return list(found)


def _below(modules: Iterable[Iterable[Iterable[ClassKey]]]) -> dict[ClassKey, tuple[ClassKey, ...]]:
    """Return the classes that name a class among their bases, from the bases of all classes by module."""
    found: dict[ClassKey, list[ClassKey]] = defaultdict(list)
    for number, classes in enumerate(modules):
        for index, bases in enumerate(classes):
            for base in bases:
                found[base].append((number, index))
    return {key: tuple(below) for key, below in found.items()}
