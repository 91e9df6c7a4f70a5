"""What a span says of an SQL statement: a short name, and its text without values."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

__all__ = ["Statement", "statement"]

_LONGEST = 2000
"""Letters of a statement that a span holds."""

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
# Text, also between dollars as PostgreSQL has it, and numbers; $1 and :name_1 are placeholders, t1 is a name.
_LITERAL = re.compile(
    r"(?P<dollar>\$[A-Za-z_]*\$).*?(?P=dollar)|[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|(?<![\w$:.])\d[\w.]*",
    re.DOTALL,
)
_DOUBLE_QUOTED = re.compile(r'"(?:[^"\\]|\\.|"")*"', re.DOTALL)
_TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE|JOIN|TABLE)\s+(?:ONLY\s+)?([\w.\"`\[\]]+)", re.IGNORECASE)


class Statement(NamedTuple):
    """`summary` as `db.query.summary` has it ("SELECT orders"); `text` with a ? for each value."""

    summary: str
    text: str


@lru_cache(maxsize=512)
def statement(sql: str, system: str = "") -> Statement:
    """Return what is said of `sql`. In MySQL and MariaDB what is in double quotes is a value as well.

    >>> statement("SELECT name FROM users WHERE token = 'secret' AND id = 7")
    Statement(summary='SELECT users', text='SELECT name FROM users WHERE token = ? AND id = ?')
    """
    text = _LITERAL.sub("?", _COMMENT.sub(" ", sql[: 4 * _LONGEST]))
    if system in ("mysql", "mariadb"):
        text = _DOUBLE_QUOTED.sub("?", text)
    text = " ".join(text.split())[:_LONGEST]
    verb = text.split(maxsplit=1)[0].strip("(;").upper() if text else ""
    table = _TABLE.search(text)
    # A span's name is one of few: of the tables, the first.
    summary = f"{verb} {table[1].strip('.')}" if table else verb
    return Statement(summary[:255], text)
