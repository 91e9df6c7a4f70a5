"""What a call means, as far as its place tells more than its words do."""

from __future__ import annotations

from collections.abc import Collection

from holdfast.audit.graph import value as v
from holdfast.audit.graph.infer import Inference
from holdfast.audit.graph.library import Library
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.sites import Site
from holdfast.audit.graph.value import Value, Values, ordered, union
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression

__all__ = ["Callees"]


class Callees:
    """Knows the tests of types around a call, and what belongs to the answer of another one."""

    def __init__(self, inference: Inference, library: Library) -> None:
        self._inference = inference
        self._library = library

    def of(self, site: Site, place: Place) -> tuple[Value, ...]:
        """Return what is called there, of what is tested by `isinstance` as far as that lets pass."""
        func = site.expression[1]
        kinds = [one for one in site.kinds if func[0] == form.ATTR and one[0] == func[1]]
        if not kinds:
            return self._inference.values(func, place)
        known = self._inference.possible(func[1], place)
        barred: set[Value] = set()
        for _, written, holds in kinds:
            classes = self._classes(written, place)
            of_them = frozenset(one for one in known if self._is_of(one, classes))
            if holds:
                known = of_them or frozenset((v.OBJECT, *one[1:]) for one in classes if one[0] == v.CLASS)
            else:
                known -= of_them
                barred |= classes
        found = union(self._inference.members.member(one, func[2]) for one in known)
        return ordered(
            frozenset(one for one in found if one[0] != v.BOUND or not self._is_of(one[1], barred))
        )

    def is_of_answer(self, site: Site, place: Place, path: str) -> bool:
        """Whether what is called belongs to the answer of a call that has waited for all of it already.

        Of such an answer nothing is known but that, where its class is not: a mapping, most often.
        """
        func = site.expression[1]
        if func[0] != form.ATTR or self._library.is_named(path):
            return False
        if self._is_of_row(site.expression, place, path):
            return True
        made = path.rpartition(".")[0]
        if not made.rpartition(".")[2].islower() or self._library.sink(made) is None:
            return False
        return (v.MADE, made) in self._inference.possible(func[1], place)

    def _is_of_row(self, call: Expression, place: Place, path: str) -> bool:
        """Whether what is called belongs to a value of a row that a query brought: `row.data.get("size")`.

        A relation may be asked as well, `row.orders.count()`: by methods of values that are given nothing.
        """
        column = path.rpartition(".")[0]
        row = column.rpartition(".")[0]
        sink = self._library.sink(row)
        if sink is None or sink.kind != "database" or self._library.is_client(row):
            return False
        if not self._library.is_of_value(path) or not (call[2] or call[3]):
            return False
        return (v.OUTSIDE, column) in self._inference.possible(call[1][1], place)

    def _classes(self, written: Expression, place: Place) -> Values:
        each = written[2] if written[0] == form.SEQ else (written,)
        return union(self._inference.possible(one, place) for one in each)

    def _is_of(self, one: Value, classes: Collection[Value]) -> bool:
        """Whether an instance is of one of some classes."""
        if one[0] == v.MADE:
            return (v.OUTSIDE, one[1]) in classes
        if one[0] != v.OBJECT:
            return False
        family, key = self._inference.family, (one[1], one[2])
        return any((v.CLASS, *above) in classes for above in family.lineage(key)) or any(
            (v.OUTSIDE, path) in classes for path in family.outside_bases(key)
        )
