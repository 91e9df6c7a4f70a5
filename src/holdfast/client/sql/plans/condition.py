"""The columns of a table that a condition compares, in the order in which an index wants them."""

from __future__ import annotations

import re
from collections.abc import Collection

__all__ = ["compared", "table_of", "wanted"]

_LITERAL = re.compile(r"'(?:[^']|'')*'")
_WHERE = re.compile(
    r"\bWHERE\b(.*?)(?:\b(?:GROUP BY|ORDER BY|LIMIT|WINDOW|UNION)\b|\Z)", re.IGNORECASE | re.DOTALL
)

_COMPARED = re.compile(
    r"""(?<![\w."`])
        (?:["`]?(?P<database>\w+)["`]?\.)??
        (?:["`]?(?P<table>\w+)["`]?\.)?
        ["`]?(?P<column>\w+)["`]?
        \)?(?:::[\w\s]+?)?\s*             # as PostgreSQL casts it: (name)::text
        (?P<how><=|>=|<>|!=|=|<|>|\bis\s+null\b|\bin\b|\bbetween\b)""",
    re.IGNORECASE | re.VERBOSE,
)
"""A column at the left of a comparison. One within a function is not found: an index on it would not help."""

_RANGES = ("<", ">", "<=", ">=", "between")
_USELESS = ("<>", "!=")


def compared(condition: str, alias: str, columns: Collection[str]) -> tuple[str, ...]:
    """Return those of `columns` that `condition` compares: the equal ones, then one with a range.

    `alias`: what the table is called there. Nothing where any of several things may hold: an index for one of
    them leaves the others to be looked for.
    """
    text = _LITERAL.sub("''", condition)
    if re.search(r"\bOR\b", text, re.IGNORECASE):
        return ()
    equal: list[str] = []
    ranges: list[str] = []
    for found in _COMPARED.finditer(text):
        column, table, how = found["column"], found["table"], found["how"].lower()
        if column not in columns or (table is not None and table != alias) or how in _USELESS:
            continue
        into = ranges if how in _RANGES else equal
        if column not in equal and column not in ranges:
            into.append(column)
    return (*equal, *ranges[:1])


def wanted(statement: str) -> str:
    """Return the conditions of a statement, those of what it contains included."""
    return " AND ".join(found.strip() for found in _WHERE.findall(_LITERAL.sub("''", statement)))


def table_of(alias: str, statement: str) -> str:
    """Return the table that a statement calls `alias`: `alias` itself where it gives it no other name."""
    called = rf'\b(?:FROM|JOIN|,)\s+["`]?(\w+)["`]?\s+(?:AS\s+)?["`]?{re.escape(alias)}["`]?\b'
    found = re.search(called, statement, re.IGNORECASE)
    return found[1] if found else alias
