"""The line of every key of a TOML document.

`tomllib` gives values without places. This walks the same text once, after `tomllib` has accepted it, and
therefore needs to know only what separates one key from the next: strings, comments, brackets and line ends.
What a quoted key says is left to `tomllib`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping

from holdfast.budget.path import KeyPath

__all__ = ["lines_of"]

_TOKEN = re.compile(
    r"""
      (?P<text>\"\"\"(?:\\.|(?!\"\"\").)*\"\"\"\"{0,2} | '''(?:(?!''').)*''''{0,2}
             | "(?:\\.|[^"\\\n])*" | '[^'\n]*')
    | (?P<end>\n)
    | (?P<skip>[ \t\r]+ | \#[^\n]*)
    | (?P<mark>[\[\]{},=.])
    | (?P<bare>[^\s\[\]{},=."'\#]+)
    """,
    re.VERBOSE | re.DOTALL,
)

Token = tuple[str, str, int]
"""Kind ("text", "end", "mark", "bare"), what is written, and its line."""


def lines_of(document: str) -> Mapping[KeyPath, int]:
    """Return the line (from 1) of each key, table and list element of a valid document.

    A key's line is where the key is written; a list element's, where the element starts. A table that is
    only implied ("a" in `[a.b]`) has the line that first implies it.
    """
    lines: dict[KeyPath, int] = {}
    _Walk(list(_tokens(document.replace("\r\n", "\n"))), lines).document()
    return lines


def _tokens(document: str) -> Iterator[Token]:
    line = 1
    for found in _TOKEN.finditer(document):
        if found.lastgroup != "skip":
            yield found.lastgroup or "", found[0], line
        line += found[0].count("\n")
    yield "end", "", line


class _Walk:
    """A recursive descent over the tokens that fills `lines`."""

    def __init__(self, tokens: list[Token], lines: dict[KeyPath, int]) -> None:
        self._tokens = tokens
        self._at = 0
        self._lines = lines
        self._lists: dict[KeyPath, int] = {}

    def document(self) -> None:
        """Walk all statements: table headers, and keys with their values."""
        table: KeyPath = ()
        while self._at < len(self._tokens):
            kind, written, line = self._tokens[self._at]
            if kind == "end":
                self._at += 1
            elif written == "[":
                table = self._header(line)
            else:
                self._pair(table)

    def _header(self, line: int) -> KeyPath:
        self._at += 1
        repeated = self._is("[")
        self._at += repeated
        path = self._current(self._key())
        self._at += 1 + repeated
        if not repeated:
            self._note(path, line)
            self._lines[path] = line
            return path
        count = self._lists[path] = self._lists.get(path, -1) + 1
        self._note((*path, count), line)
        return (*path, count)

    def _current(self, keys: list[str]) -> KeyPath:
        """Return the path of a header: a list of tables met on the way stands for its last element."""
        path: KeyPath = ()
        for index, key in enumerate(keys):
            path = (*path, key)
            if path in self._lists and index < len(keys) - 1:
                path = (*path, self._lists[path])
        return path

    def _pair(self, table: KeyPath) -> None:
        line = self._tokens[self._at][2]
        path = (*table, *self._key())
        self._note(path, line)
        self._at += 1  # the equals sign
        self._value(path)

    def _key(self) -> list[str]:
        keys: list[str] = []
        while True:
            kind, written, _ = self._tokens[self._at]
            keys.append(str(tomllib.loads(f"k = {written}")["k"]) if kind == "text" else written)
            self._at += 1
            if not self._is("."):
                return keys
            self._at += 1

    def _value(self, path: KeyPath) -> None:
        if self._is("["):
            self._list(path)
        elif self._is("{"):
            self._table(path)
        else:  # a scalar: everything up to what can only follow a value
            while not (self._tokens[self._at][0] == "end" or self._tokens[self._at][1] in (",", "]", "}")):
                self._at += 1

    def _list(self, path: KeyPath) -> None:
        self._at += 1
        index = 0
        while not self._closes("]"):
            self._note((*path, index), self._tokens[self._at][2])
            self._value((*path, index))
            index += 1

    def _table(self, path: KeyPath) -> None:
        self._at += 1
        while not self._closes("}"):
            self._pair(path)

    def _closes(self, bracket: str) -> bool:
        """Skip line ends and commas; step over the closing bracket if it is next."""
        while self._tokens[self._at][0] == "end" or self._is(","):
            self._at += 1
        closed = self._is(bracket)
        self._at += closed
        return closed

    def _is(self, mark: str) -> bool:
        kind, written, _ = self._tokens[self._at]
        return kind == "mark" and written == mark

    def _note(self, path: KeyPath, line: int) -> None:
        for length in range(1, len(path) + 1):
            self._lines.setdefault(path[:length], line)
