"""Which columns the queries of a function compare, as far as that is certain."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from holdfast.audit.graph.program import ClassKey, FunctionKey, statements
from holdfast.audit.rules.calls import calls, calls_in
from holdfast.audit.rules.data.tables import Table, Tables
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.source.inside import parts, word
from holdfast.audit.whole import Whole

__all__ = ["Lookup", "lookups"]

_FILTERS = frozenset({"where", "filter", "filter_by"})
_STARTS = frozenset({"select", "query"})
_CHANGES = frozenset({"delete", "update"})
"""What a query of the old kind does with its rows in the end: `query(Note).filter(...).delete()`."""
_LONGEST = 20
"""Methods of a query, and names it had, that are followed to its select."""


@dataclass(slots=True)
class Lookup:
    """The conditions of the queries of one function that share a table; `certain`: all were understood."""

    columns: dict[ClassKey, set[str]] = field(default_factory=lambda: defaultdict(set))
    tables: dict[ClassKey, Table] = field(default_factory=dict)
    certain: bool = True
    at: tuple[int, int] = (0, 0)


def lookups(whole: Whole, tables: Tables, key: FunctionKey) -> list[Lookup]:
    """Return the lookups of a function; queries that speak of the same table are taken for parts of one."""
    done: list[Lookup] = []
    changing, optional = _changing(whole, key), _optional(whole, key)
    for site in calls(whole, key, _FILTERS):
        one = Lookup(at=(site.line, site.column))
        base = _base(whole, tables, key, site.expression)
        one.certain = base is not None and id(site.expression) not in changing | optional
        for argument in site.expression[2]:
            one.certain = _condition(tables, key, argument, one) and one.certain
        for name, _ in site.expression[3]:
            if base is None or name not in base.columns:
                one.certain = False
            else:
                one.tables[base.key] = base
                one.columns[base.key].add(name)
        if base is not None:
            # What else is joined may be what the database begins with.
            one.certain = one.certain and one.tables.keys() <= {base.key}
            one.tables.setdefault(base.key, base)
        for other in [each for each in done if each.tables.keys() & one.tables.keys()]:
            done.remove(other)
            one.tables.update(other.tables)
            one.certain = one.certain and other.certain
            one.at = other.at
            for table, columns in other.columns.items():
                one.columns[table] |= columns
        done.append(one)
    return done


def _condition(tables: Tables, key: FunctionKey, value: Expression, into: Lookup) -> bool:
    """Note the columns that a condition compares; False for one that is not understood."""
    if value[0] == form.OP and value[1]:
        sides = [_column(tables, key, side, into) for side in value[1]]
        return any(sides)
    if value[0] == form.CALL and word(value[1]) == "and_":
        understood = [_condition(tables, key, one, into) for one in value[2]]
        return all(understood)
    if value[0] == form.CALL and word(value[1]) == "in_":
        return _column(tables, key, value[1][1], into)
    return False


def _column(tables: Tables, key: FunctionKey, value: Expression, into: Lookup) -> bool:
    if value[0] == form.CALL and word(value[1]) == "col" and value[2]:
        value = value[2][0]  # sqlmodel.col(Model.column)
    if value[0] != form.ATTR:
        return False
    table = tables.named(value[1], key)
    if table is None or value[2] not in table.columns:
        return False
    into.tables[table.key] = table
    into.columns[table.key].add(value[2])
    return True


def _base(whole: Whole, tables: Tables, key: FunctionKey, call: Expression) -> Table | None:
    """Return the table of the select that a filter belongs to."""
    at = call
    for _ in range(_LONGEST):
        if at[0] == form.CALL and word(at[1]) in _STARTS:
            return tables.named(at[2][0], key) if len(at[2]) == 1 else None
        bound = whole.program.scope(key).values.get(at[1]) if at[0] == form.NAME else None
        if at[0] == form.CALL and at[1][0] == form.ATTR:
            at = at[1][1]
        elif bound:
            at = bound[0]
        else:
            return None
    return None


def _changing(whole: Whole, key: FunctionKey) -> set[int]:
    """Return the ids of the parts of queries that end with a change."""
    return {
        id(part)
        for call in calls_in(whole.program.function(key).body)
        if call[1][0] == form.ATTR and call[1][2] in _CHANGES
        for part in parts(call[1][1])
    }


def _optional(whole: Whole, key: FunctionKey) -> set[int]:
    """Return the ids of the filters that a query may go without: `if owner: query = query.filter(...)`."""
    return {
        id(part)
        for branch in statements(whole.program.function(key).body)
        if branch[0] == form.BRANCH
        for block in branch[2]
        for statement in block
        if statement[0] == form.ASSIGN and statement[1] in set(parts(statement[2]))
        for part in parts(statement[2])
    }
