"""HF507: a lookup that reads the whole table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from holdfast.audit.finding import Confidence, Finding
from holdfast.audit.gathered import gathered
from holdfast.audit.graph.program import ClassKey, FunctionKey
from holdfast.audit.rules.calls import calls, requested
from holdfast.audit.rules.data.indexes import created
from holdfast.audit.rules.data.tables import Table, Tables
from holdfast.audit.rules.found import found
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.source.inside import word
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_FILTERS = frozenset({"where", "filter", "filter_by"})
_STARTS = frozenset({"select", "query"})
_KEYS = frozenset({"email", "username", "token", "uuid", "sha", "hash"})
_KEY_ENDS = ("_id", "_uuid", "_key", "_token", "_hash", "_email")
"""Names of columns that tell few rows from the others, so that an index would find them."""
_ALIKE = frozenset({"Boolean", "bool", "Enum"})
"""Types with so few values that an index on one alone would not help."""
_LONGEST = 20
"""Methods of a query, and names it had, that are followed to its select."""
_SMALL = (
    "Setting",
    "Config",
    "Provider",
    "Type",
    "Status",
    "Category",
    "Organization",
    "Tenant",
    "Plan",
    "Bot",
)
"""Words in the names of tables that stay small."""
_MYSQL = ("pymysql", "aiomysql", "asyncmy", "MySQLdb", "mysql", "sqlalchemy.dialects.mysql")


class _Compared(NamedTuple):
    """A column that a lookup compares; `table` and `stored` are the names of its class and its table."""

    key: ClassKey
    table: str
    stored: str
    name: str
    line: int
    indexed: bool
    foreign: bool
    alike: bool


_Plain = tuple[int, tuple[int, int], tuple[tuple[Any, ...], ...]]
"""A lookup as it is kept: its function, its place there, and what it compares."""


@dataclass(slots=True)
class _Lookup:
    """The conditions of the queries of one function that share a table; `certain`: all were understood."""

    columns: dict[ClassKey, set[str]] = field(default_factory=lambda: defaultdict(set))
    tables: dict[ClassKey, Table] = field(default_factory=dict)
    certain: bool = True
    at: tuple[int, int] = (0, 0)


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each column that requests look rows up by, and that no index begins with."""
    indexes = frozenset[tuple[str, str]]().union(*gathered(whole, created))
    mysql = any(gathered(whole, _speaks_mysql))
    told: set[tuple[ClassKey, str]] = set()
    for number, lookups in enumerate(gathered(whole, _looked_up)):
        for function, at, compared in lookups:
            wanted = _wanted([_Compared(*one) for one in compared], indexes, mysql)
            if wanted is not None and (wanted.key, wanted.name) not in told:
                told.add((wanted.key, wanted.name))
                yield _finding(whole, (number, function), at, wanted)


def _speaks_mysql(whole: Whole) -> bool:
    paths = (path for _, module in whole.program.numbered() for path in module.imports.values())
    return any(path.startswith(_MYSQL) for path in paths)


def _looked_up(whole: Whole) -> tuple[_Plain, ...]:
    """Return the lookups that requests make, of those that were understood."""
    tables = Tables(whole)
    return tuple(
        (key[1], lookup.at, tuple(tuple(one) for one in _compared(lookup)))
        for key in requested(whole)
        for lookup in _lookups(whole, tables, key)
        if lookup.certain and lookup.columns
    )


def _compared(lookup: _Lookup) -> Iterator[_Compared]:
    for key, names in lookup.columns.items():
        table = lookup.tables[key]
        for column in (table.columns[name] for name in sorted(names)):
            yield _Compared(
                *(key, table.name, table.stored, column.name, column.line, column.indexed, column.foreign),
                alike=not column.kinds.isdisjoint(_ALIKE),
            )


def _lookups(whole: Whole, tables: Tables, key: FunctionKey) -> list[_Lookup]:
    """Return the lookups of a function; queries that speak of the same table are taken for parts of one."""
    done: list[_Lookup] = []
    for site in calls(whole, key, _FILTERS):
        one = _Lookup(at=(site.line, site.column))
        base = _base(whole, tables, key, site.expression)
        one.certain = base is not None
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


def _condition(tables: Tables, key: FunctionKey, value: Expression, into: _Lookup) -> bool:
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


def _column(tables: Tables, key: FunctionKey, value: Expression, into: _Lookup) -> bool:
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


def _wanted(
    compared: Collection[_Compared], indexes: frozenset[tuple[str, str]], mysql: bool
) -> _Compared | None:
    """Return the column that an index is wanted on; None where one of the conditions has an index."""
    if any(_has_index(one, indexes) or (one.foreign and mysql) for one in compared):
        return None
    candidates = [one for one in compared if not one.alike]
    return min(candidates, key=lambda one: (not one.foreign, not _is_key(one)), default=None)


def _has_index(column: _Compared, indexes: frozenset[tuple[str, str]]) -> bool:
    """Whether an index holds the column, as far as the program says: by itself, or with others."""
    if column.indexed or ("", column.name) in indexes or (column.stored, column.name) in indexes:
        return True
    return not column.stored and any(name == column.name for _, name in indexes)


def _is_key(column: _Compared) -> bool:
    return column.foreign or column.name in _KEYS or column.name.endswith(_KEY_ENDS)


def _is_small(table: str) -> bool:
    return any(part in table for part in _SMALL)


def _finding(whole: Whole, key: FunctionKey, at: tuple[int, int], column: _Compared) -> Finding:
    name = f"{column.table}.{column.name}"
    why = ", and PostgreSQL makes none for a foreign key" if column.foreign else ""
    place = f"{whole.path(column.key[0])}:{column.line}"
    return found(
        RULE,
        whole,
        key,
        at,
        f"`{name}` has no index{why}: this reads the whole table to find its rows",
        f"Give the column an index (`index=True`, and a migration): {place}",
        confidence=Confidence.MEDIUM if _is_key(column) and not _is_small(column.table) else Confidence.LOW,
    )


RULE = Rule(
    code="HF507",
    name="missing-index",
    what="Requests look rows up by a column that no index begins with.",
    why=(
        "Each such request reads the whole table. It is fast while the table is small, and takes the "
        "database's CPU and its cache for all others when it has grown; a delete of the row that a foreign "
        "key points to does the same."
    ),
    limits=(
        "How many rows there are is not known. Nothing is said where any condition of the lookup has an "
        "index, stands in one of several columns, or is not understood, and of updates and deletes. An index "
        "that the database has and the program does not name is not seen. Columns whose name is not that of "
        "a key, and tables whose name is that of a small one, are shown only at low confidence."
    ),
    bad="""
from fastapi import FastAPI
from sqlalchemy import Column, ForeignKey, Integer, select
from sqlalchemy.orm import Session, declarative_base

app = FastAPI()
Base = declarative_base()

class Order(Base):
    __tablename__ = "orders"
    id = Column(Integer, primary_key=True)
    customer_id = Column(ForeignKey("customers.id"))

@app.get("/orders")
def orders(customer: int, session: Session):
    return [row.id for row in session.scalars(select(Order).where(Order.customer_id == customer))]
""",
    good="""
from fastapi import FastAPI
from sqlalchemy import Column, ForeignKey, Integer, select
from sqlalchemy.orm import Session, declarative_base

app = FastAPI()
Base = declarative_base()

class Order(Base):
    __tablename__ = "orders"
    id = Column(Integer, primary_key=True)
    customer_id = Column(ForeignKey("customers.id"), index=True)

@app.get("/orders")
def orders(customer: int, session: Session):
    return [row.id for row in session.scalars(select(Order).where(Order.customer_id == customer))]
""",
    find=find,
    gathers=(created, _speaks_mysql, _looked_up),
)
