"""Whether a statement only reads, by its words: sure of it, or taken to write."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["only_reads"]

_READS = frozenset({"SELECT", "WITH", "VALUES", "TABLE", "SHOW", "EXPLAIN", "PRAGMA"})

_CHANGES = re.compile(
    r"\b(INSERT|UPDATE|DELETE|MERGE|REPLACE|INTO|CALL|ANALYZE|NEXTVAL|SETVAL|DO)\b|;\s*\S", re.IGNORECASE
)
"""Words of a statement that may change something although it begins like one that reads: WITH ... INSERT,
SELECT ... INTO, FOR UPDATE, EXPLAIN ANALYZE, a second statement. A column of such a name is taken for one,
and errs on the safe side."""

_COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)


@lru_cache(maxsize=1024)
def only_reads(statement: str) -> bool:
    """Return whether `statement` surely changes nothing by itself. Functions that it calls are not known."""
    text = _COMMENT.sub(" ", statement).lstrip(" \t\r\n(")
    verb = re.match(r"[A-Za-z]+", text)
    return verb is not None and verb[0].upper() in _READS and _CHANGES.search(text) is None
