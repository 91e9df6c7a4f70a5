"""What index is missing, from a plan and what the database knows of its tables."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import Inspector
from sqlalchemy.exc import NoSuchTableError, SQLAlchemyError

from holdfast.client.sql.plans import mysql, postgres, sqlite
from holdfast.client.sql.plans.condition import compared
from holdfast.client.sql.plans.scan import Scan
from holdfast.client.sql.watch.watch import OWN

__all__ = ["Advice", "advise"]

_LEAST = 1000
"""Rows that are read within about a millisecond: whatever is slow about a smaller table, it is not that."""

_SHARE = 1 / 4
"""From which share of the rows on it is as cheap to read all: PostgreSQL takes a page out of order for four
in order. https://www.postgresql.org/docs/current/runtime-config-query.html#GUC-RANDOM-PAGE-COST"""


@dataclass(frozen=True, slots=True)
class Advice:
    """`table` is read whole, about `rows` rows, to find `found` of them (None: not known) by `columns`."""

    table: str
    columns: tuple[str, ...]
    rows: int
    found: int | None
    statement: str

    @property
    def text(self) -> str:
        """All of it in a sentence."""
        found = "those" if self.found is None else f"about {self.found:,}"
        return (
            f"a slow statement reads about {self.rows:,} rows of {self.table} to find {found} "
            f"by {', '.join(self.columns)}; {self.statement}"
        )


def advise(connection: Connection, statement: str, parameters: Any) -> list[Advice]:
    """Ask for the plan of `statement`, which is not run, and return the indexes that it lacks."""
    kinds = {"postgresql": postgres, "mysql": mysql, "mariadb": mysql, "sqlite": sqlite}
    kind: Any = kinds.get(connection.dialect.name)
    if kind is None:
        return []
    connection = connection.execution_options(**{OWN: True})
    if kind is sqlite:
        plan: Any = [row[-1] for row in connection.exec_driver_sql(kind.EXPLAIN + statement, parameters)]
    else:
        plan = _plan(connection, kind.EXPLAIN + statement, parameters)
    tables = inspect(connection)
    found = (_missing(connection, tables, scan) for scan in kind.scans(plan, statement))
    return [advice for advice in found if advice is not None]


def _missing(connection: Connection, tables: Inspector, scan: Scan) -> Advice | None:
    try:
        columns = compared(scan.condition, scan.alias, {c["name"] for c in tables.get_columns(scan.table)})
        if not columns or _indexed(tables, scan.table, columns[0]):
            return None
    except NoSuchTableError:
        return None  # a view, or a table of another schema
    rows = _rows(connection, scan) if scan.rows is None else scan.rows
    if rows < _LEAST or (scan.found is not None and scan.found > rows * _SHARE):
        return None
    name = connection.dialect.identifier_preparer.quote
    how = "CREATE INDEX CONCURRENTLY" if connection.dialect.name == "postgresql" else "CREATE INDEX"
    index = name("_".join(("ix", scan.table, *columns))[:60])
    statement = f"{how} {index} ON {name(scan.table)} ({', '.join(map(name, columns))})"
    return Advice(scan.table, columns, rows, scan.found, statement)


def _indexed(tables: Inspector, table: str, column: str) -> bool:
    """Whether an index begins with `column`: the planner knows it, and had its reasons."""
    known = [index["column_names"] for index in tables.get_indexes(table)]
    known += [list(unique["column_names"]) for unique in tables.get_unique_constraints(table)]
    known.append(list(tables.get_pk_constraint(table)["constrained_columns"]))
    return any(columns[:1] == [column] for columns in known)


def _plan(connection: Connection, statement: str, parameters: Any = None) -> Any:
    document = connection.exec_driver_sql(statement, parameters).scalar_one()
    return json.loads(document) if isinstance(document, str | bytes) else document


def _rows(connection: Connection, scan: Scan) -> int:
    """Return about how many rows a table has, without counting them; 0 where nothing says so."""
    table = connection.dialect.identifier_preparer.quote(scan.table)
    if connection.dialect.name == "postgresql":
        rows, large = connection.execute(text(postgres.ROWS), {"name": table}).one()
        if rows >= 0 or not large:
            return max(0, int(rows))
        everything = f"{postgres.EXPLAIN} SELECT 1 FROM {table}"  # noqa: S608 - quoted
        return postgres.planned_rows(_plan(connection, everything))
    try:
        # Of SQLite the largest row id: as many rows have been inserted, and most of them are still there.
        largest = connection.execute(text(f"SELECT max(rowid) FROM {table}")).scalar()  # noqa: S608 - quoted
        return int(largest or 0)
    except SQLAlchemyError:
        return 0
