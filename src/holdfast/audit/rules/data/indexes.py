"""The indexes that statements create: in migrations, as SQL, or beside a class.

A model that declares an index says so itself, see `tables`; here is what any file of the program adds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from holdfast.audit.rules.calls import calls_in, keyword
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.source.inside import parts, word
from holdfast.audit.whole import Whole

__all__ = ["created", "in_indexes"]

_SQL_INDEX = re.compile(r"create\s+(unique\s+)?index", re.IGNORECASE)


def created(whole: Whole) -> frozenset[tuple[str, str]]:
    """Return (table, column) of each index that some statement creates; "" for a table that is not named."""
    bodies = [module.body for _, module in whole.program.numbered()]
    bodies += [function.body for _, function in whole.program.functions()]
    return frozenset(one for body in bodies for call in calls_in(body) for one in _created(call))


def in_indexes(values: Iterable[Expression]) -> Iterator[str]:
    """Yield the columns of the indexes in some expressions: `Index("name", "column")`."""
    for value in values:
        for part in parts(value):
            if part[0] != form.CALL:
                continue
            if word(part[1]) == "Index":
                yield from _names(part[2][1:])
            elif word(part[1]) in ("UniqueConstraint", "PrimaryKeyConstraint"):
                yield from _names(part[2])


def _created(call: Expression) -> Iterator[tuple[str, str]]:
    made = word(call[1])
    if made in ("create_index", "create_unique_constraint", "create_primary_key"):
        where = keyword(call, "table_name") or (call[2][1] if len(call[2]) > 1 else call)
        table = where[1] if where[0] == form.TEXT else ""
        for argument in (*call[2], *(value for _, value in call[3])):
            if argument[0] == form.SEQ:
                yield from ((table, name) for name in _names(argument[2]))
    elif made == "Index":
        yield from (("", name) for name in _names(call[2][1:]))
    for argument in call[2]:
        if argument[0] == form.TEXT and _SQL_INDEX.search(argument[1]):
            yield from (("", name) for name in re.findall(r"\w+", argument[1]))


def _names(values: Iterable[Expression]) -> Iterator[str]:
    for value in values:
        for part in parts(value):
            if part[0] == form.TEXT:
                yield from re.findall(r"\w+", part[1])
            elif part[0] in (form.NAME, form.ATTR):
                yield word(part)
