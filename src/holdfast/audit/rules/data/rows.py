"""Which table's rows an expression holds, followed through names and functions to the select."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.audit.graph import value as v
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.program import FunctionKey, statements
from holdfast.audit.rules.data.tables import Table, Tables
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.source.inside import word
from holdfast.audit.whole import Whole

__all__ = ["Rows", "Sources"]

_ASKS = frozenset({"execute", "scalars", "scalar", "exec", "stream_scalars"})
_ONE = frozenset({"first", "one", "one_or_none", "scalar_one", "scalar_one_or_none", "scalar"})
_FARTHEST = 4
"""Functions between an expression and its select that are followed."""


@dataclass(frozen=True, slots=True)
class Rows:
    """`many`: a list of rows, or one. `words`: the methods of the query and of its result, by name."""

    table: Table
    many: bool
    words: frozenset[str]
    asynchronous: bool


class Sources:
    """Says of expressions whose rows they are; None for what is not certain."""

    def __init__(self, whole: Whole, tables: Tables) -> None:
        self._whole = whole
        self._tables = tables

    def rows(self, value: Expression, where: FunctionKey, far: int = 0) -> Rows | None:
        """Return the rows that `value` is, in the function `where`."""
        while value[0] == form.AWAIT:
            value = value[1]
        if far > _FARTHEST:
            return None
        if value[0] == form.NAME:
            return self._same([self.rows(one, where, far + 1) for one in self._bound(value[1], where)])
        if value[0] != form.CALL:
            return None
        words: set[str] = set()
        at = value
        while at[0] == form.CALL and at[1][0] == form.ATTR:
            words.add(at[1][2])
            if at[1][2] in _ASKS and at[2]:
                return self._asked(at, where, words)
            if at[1][2] == "get" and len(at[2]) > 1:
                table = self._tables.named(at[2][0], where)
                return Rows(table, False, frozenset(words), self._waits(at, where)) if table else None
            if at[1][2] == "query":
                return self._queried(at, where, words)
            at = at[1][1]
            while at[0] == form.AWAIT:
                at = at[1]
        if at is not value and at[0] == form.NAME and words <= _RESULTS:
            inner = self.rows(at, where, far + 1)
            return _narrowed(inner, words)
        return self._called(value, where, far)

    def _bound(self, name: str, where: FunctionKey) -> list[Expression]:
        """Return what a name is in a function; nothing where a loop or a parameter may bind it as well."""
        scope = self._whole.program.scope(where)
        if any(name == one.name for one in self._whole.program.function(where).parameters):
            return []
        if name in scope.iterated or name in scope.unpacked or name in scope.entered:
            return []
        return list(scope.values.get(name, ()))

    def _asked(self, call: Expression, where: FunctionKey, words: set[str]) -> Rows | None:
        table = self._selected(call[2][0], where, words, 0)
        if table is None or (call[1][2] == "execute" and not words & _SCALARS):
            return None
        return Rows(table, not words & _ONE, frozenset(words), self._waits(call, where))

    def _selected(self, query: Expression, where: FunctionKey, words: set[str], far: int) -> Table | None:
        while query[0] == form.CALL and query[1][0] == form.ATTR and word(query[1]) != "select":
            words.add(query[1][2])
            query = query[1][1]
        if query[0] == form.NAME and far < _FARTHEST:
            bound = self._bound(query[1], where)
            # `query = query.where(...)` speaks of itself: what began it says the table, the rest its words.
            found = {
                table.key: table
                for one in bound
                if (table := self._selected(one, where, words, far + 1)) is not None
            }
            return next(iter(found.values())) if len(found) == 1 else None
        if query[0] == form.CALL and word(query[1]) == "select" and len(query[2]) == 1:
            return self._tables.named(query[2][0], where)
        return None

    def _queried(self, call: Expression, where: FunctionKey, words: set[str]) -> Rows | None:
        if len(call[2]) != 1 or not words & {"all", *_ONE, "get"}:
            return None
        table = self._tables.named(call[2][0], where)
        return Rows(table, "all" in words, frozenset(words), False) if table else None

    def _called(self, call: Expression, where: FunctionKey, far: int) -> Rows | None:
        found = []
        for one in self._whole.inference.values(call[1], Place(*where)):
            if one[0] == v.CLASS:
                table = self._tables.of((one[1], one[2]))
                found.append(Rows(table, False, frozenset({"new"}), False) if table else None)
            elif one[0] in (v.FUNCTION, v.BOUND):
                key = (one[-2], one[-1])
                returned = [
                    each[1]
                    for each in statements(self._whole.program.function(key).body)
                    if each[0] == form.RETURN and each[1] != (form.CONST, None)
                ]
                found += [self.rows(each, key, far + 1) for each in returned] or [None]
            else:
                found.append(None)
        return self._same(found)

    @staticmethod
    def _same(found: list[Rows | None]) -> Rows | None:
        """Return the rows that all agree on; the words of all of them count."""
        first = found[0] if found else None
        if first is None:
            return None
        words = set(first.words)
        for one in found[1:]:
            if one is None or one.table is not first.table or one.many != first.many:
                return None
            words |= one.words
        return Rows(first.table, first.many, frozenset(words), first.asynchronous)

    def _waits(self, call: Expression, where: FunctionKey) -> bool:
        return any("AsyncSession" in path for path in self._whole.named(call[1], where))


_SCALARS = frozenset({"scalars", "scalar", "scalar_one", "scalar_one_or_none"})
_RESULTS = frozenset({"all", "unique", "scalars", *_ONE})


def _narrowed(rows: Rows | None, words: set[str]) -> Rows | None:
    if rows is None:
        return None
    return Rows(rows.table, rows.many and not words & _ONE, rows.words | words, rows.asynchronous)
