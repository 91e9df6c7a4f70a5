"""HF507: a lookup that reads the whole table."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from holdfast.audit.finding import Confidence, Finding
from holdfast.audit.gathered import gathered
from holdfast.audit.graph.program import ClassKey, FunctionKey
from holdfast.audit.rules.calls import requested
from holdfast.audit.rules.data.compared import Lookup, lookups
from holdfast.audit.rules.data.indexes import created
from holdfast.audit.rules.data.tables import Tables
from holdfast.audit.rules.found import found
from holdfast.audit.rules.rule import Rule
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_KEYS = frozenset({"email", "username", "token", "uuid", "sha", "hash"})
_KEY_ENDS = ("_id", "_uuid", "_key", "_token", "_hash", "_email")
"""Names of columns that tell few rows from the others, so that an index would find them."""
_NOTED = ("created_by", "updated_by", "modified_by", "deleted_by", "approved_by")
"""How columns begin that note who did something: they are looked up by beside a key."""
_ALIKE = frozenset({"Boolean", "bool", "Enum"})
"""Types with so few values that an index on one alone would not help."""
_SMALL = re.compile(
    r"(Settings?|Config|Configuration|Provider|Type|Status|Category|Plan|Bot|Organi[sz]ation|Tenant|Client|Role|"
    r"Permission|Group|Billing|Domain|Theme|Template|Team|Workspace|Environment|Policy|Tier|Feature|Flag|"
    r"Language|Country)(Model|Table|DB|DBE)?$"
)
"""How the names of tables end that stay small."""
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


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for the columns that requests look rows up by, and that no index begins with."""
    indexes = frozenset[tuple[str, str]]().union(*gathered(whole, created))
    mysql = any(gathered(whole, _speaks_mysql))
    places: dict[tuple[ClassKey, str], list[_Place]] = defaultdict(list)
    for number, looked_up in enumerate(gathered(whole, _looked_up)):
        for function, at, compared in looked_up:
            wanted = _wanted([_Compared(*one) for one in compared], indexes, mysql)
            if wanted is not None:
                places[wanted.key, wanted.name].append(((number, function), at, wanted))
    for sure in (True, False):
        # One migration brings all that are missing: the one that is asked for in most places stands for them.
        alike = [found for found in places.values() if _is_sure(found[0][2]) is sure]
        alike.sort(key=lambda found: (not found[0][2].foreign, -len(found)))
        if alike:
            yield _finding(whole, [found[0] for found in alike], sure=sure)


_Place = tuple[FunctionKey, tuple[int, int], _Compared]
"""A lookup: its function, its place there, and the column that an index is wanted on."""


def _speaks_mysql(whole: Whole) -> bool:
    paths = (path for _, module in whole.program.numbered() for path in module.imports.values())
    return any(path.startswith(_MYSQL) for path in paths)


def _looked_up(whole: Whole) -> tuple[_Plain, ...]:
    """Return the lookups that requests make, of those that were understood."""
    tables = Tables(whole)
    return tuple(
        (key[1], lookup.at, tuple(tuple(one) for one in _compared(lookup)))
        for key in requested(whole)
        for lookup in lookups(whole, tables, key)
        if lookup.certain and lookup.columns
    )


def _compared(lookup: Lookup) -> Iterator[_Compared]:
    for key, names in lookup.columns.items():
        table = lookup.tables[key]
        for column in (table.columns[name] for name in sorted(names)):
            yield _Compared(
                *(key, table.name, table.stored, column.name, column.line, column.indexed, column.foreign),
                alike=not column.kinds.isdisjoint(_ALIKE),
            )


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
    if column.name.startswith(_NOTED):
        return False
    return column.foreign or column.name in _KEYS or column.name.endswith(_KEY_ENDS)


def _is_sure(column: _Compared) -> bool:
    return _is_key(column) and not _SMALL.search(column.table)


def _finding(whole: Whole, lookups: list[_Place], *, sure: bool) -> Finding:
    (key, at, column), *others = lookups
    name = f"{column.table}.{column.name}"
    why = ", and PostgreSQL makes none for a foreign key" if column.foreign else ""
    more = f"; {len(others)} other columns have none either" if others else ""
    places = ", ".join(f"{whole.path(one.key[0])}:{one.line}" for _, _, one in lookups)
    steps = [whole.step(other, line, f"{one.table}.{one.name}") for other, (line, _), one in others]
    return found(
        RULE,
        whole,
        key,
        at,
        f"`{name}` has no index{why}: this reads the whole table to find its rows{more}",
        f"Give the column an index (`index=True`, and a migration): {places}",
        confidence=Confidence.MEDIUM if sure else Confidence.LOW,
        chain=(*whole.chain(key, at[0]), *steps),
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
