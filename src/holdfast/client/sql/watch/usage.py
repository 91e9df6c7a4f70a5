"""How one request uses a database: which statements, how often, from which lines, and what it does meanwhile.

A request is what its outermost unit of work covers; one that it opens within it belongs to the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from holdfast.client.sql.watch.codeline import NOWHERE, CodeLine
from holdfast.events import DataAccessSeen

__all__ = ["Usage", "usage", "watched"]


class Usage:
    """`strict`: a test is watched. `statements`: how many there were; `line`: that of the last one.

    `since`: when the open transaction began (monotonic), None without. `seen`: what will hurt.
    """

    __slots__ = ("_counts", "line", "seen", "since", "statements", "strict")

    def __init__(self, strict: bool = False) -> None:
        self.strict = strict
        self.line = NOWHERE
        self.statements = 0
        self.since: float | None = None
        self.seen: list[DataAccessSeen] = []
        self._counts: Counter[tuple[str, CodeLine]] = Counter()

    def count(self, statement: str, line: CodeLine) -> int:
        """Count a statement; return how often it has been sent from that line."""
        self.statements += 1
        self.line = line
        self._counts[statement, line] += 1
        return self._counts[statement, line]


_USAGE: ContextVar[Usage | None] = ContextVar("holdfast_sql_usage", default=None)

usage = _USAGE.get
"""`usage() -> Usage | None`: that of the request being served."""


@contextmanager
def watched(*, strict: bool = False) -> Iterator[Usage]:
    """Yield the usage that counts in this block: the one around it, or a new one."""
    outer = usage()
    if outer is not None:
        yield outer
        return
    here = Usage(strict)
    _USAGE.set(here)
    try:
        yield here
    finally:
        _USAGE.set(None)
