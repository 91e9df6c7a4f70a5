"""Named rows of counters in shared memory: one writing process, readers in others, no locks between them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TypeAlias

from holdfast.telemetry.board.layout import WORD, TableShape

__all__ = ["OTHER", "Table"]

OTHER = "(other)"
"""The row that all names share when the table is full."""

Cells: TypeAlias = "memoryview[int]"


class Table:
    """`shape.rows` rows of u64 cells, found by name.

    The writer takes a row once, keeps it, and adds to its cells: `cells = table.row(name)`, `cells[i] += 1`.
    A row's name is written before the count that publishes it, so a reader never meets half a name. Row 0 is
    `OTHER`. Names longer than `shape.name_bytes` are cut, and names that are then equal share a row.
    """

    __slots__ = ("_count", "_index", "_lock", "_raw", "_shape")

    def __init__(self, raw: memoryview[int], shape: TableShape) -> None:
        """Lay a table over `raw`, `shape.bytes` bytes of shared memory."""
        self._raw = raw
        self._shape = shape
        self._count: Cells = raw[:WORD].cast("Q")
        self._index: dict[str, Cells] | None = None
        self._lock = threading.Lock()

    def row(self, name: str) -> Cells:
        """Return the cells of `name`, made at first; those of `OTHER` when the table is full."""
        index = self._index
        if index is not None and (cells := index.get(name)) is not None:
            return cells
        with self._lock:
            return self._find_or_add(name)

    def rows(self) -> Iterator[tuple[str, Cells]]:
        """Yield every published row in order of its making; `OTHER` only when something was counted there."""
        for position in range(min(self._count[0], self._shape.rows)):
            cells = self._cells(position)
            if position or any(cells):
                yield self._name(position), cells

    def reset_gauges(self) -> None:
        """Set the cells that are gauges to zero in every row: they spoke of the owner before."""
        for _, cells in self.rows():
            for gauge in self._shape.gauges:
                cells[gauge] = 0

    def _find_or_add(self, name: str) -> Cells:
        index = self._index
        if index is None:
            index = self._index = self._load()
        encoded = cut(name, self._shape.name_bytes)
        kept = encoded.decode()
        cells = index.get(kept)
        if cells is None:
            position = self._count[0]
            if position >= self._shape.rows:
                return index[OTHER]
            cells = index[kept] = self._add(position, encoded)
        if kept != name and len(index) < 4 * self._shape.rows:
            index[name] = cells
        return cells

    def _load(self) -> dict[str, Cells]:
        """Return what an earlier owner of the slot left, so that its counters go on."""
        if not self._count[0]:
            self._add(0, OTHER.encode())
        return {self._name(i): self._cells(i) for i in range(min(self._count[0], self._shape.rows))}

    def _add(self, position: int, name: bytes) -> Cells:
        start = WORD + position * self._shape.row_bytes
        self._raw[start + WORD : start + WORD + len(name)] = name
        self._raw[start : start + WORD].cast("Q")[0] = len(name)
        self._count[0] = position + 1
        return self._cells(position)

    def _name(self, position: int) -> str:
        start = WORD + position * self._shape.row_bytes
        length = min(self._raw[start : start + WORD].cast("Q")[0], self._shape.name_bytes)
        return bytes(self._raw[start + WORD : start + WORD + length]).decode(errors="replace")

    def _cells(self, position: int) -> Cells:
        end = WORD + (position + 1) * self._shape.row_bytes
        return self._raw[end - self._shape.cells * WORD : end].cast("Q")


def cut(text: str, limit: int) -> bytes:
    """Return `text` in UTF-8, of at most `limit` bytes, never ending within a character."""
    encoded = text.encode(errors="replace")
    if len(encoded) <= limit:
        return encoded
    return encoded[:limit].decode(errors="ignore").encode()
