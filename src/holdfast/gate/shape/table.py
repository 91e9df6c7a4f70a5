"""CSV files that requests take their data from: a header with the columns' names, then rows."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

from holdfast.errors import UsageError
from holdfast.gate.shape.placeholder import Cell

__all__ = ["Table", "Tables"]


@dataclass(frozen=True, slots=True)
class Table:
    """`columns`: position by name. `lines`: where each of `rows` ends in the file."""

    path: Path
    columns: dict[str, int]
    rows: list[list[str]]
    lines: list[int]

    def value(self, cell: Cell, row: int) -> str | int | float:
        """Return what stands in a row; UsageError, with its line, where it is to be a number and is none."""
        text = self.rows[row][self.columns[cell.column]]
        if not cell.number:
            return text
        try:
            number = json.loads(text)
        except ValueError:
            number = None
        if isinstance(number, bool) or not isinstance(number, int | float):
            place = f"{self.path}:{self.lines[row]}"
            raise UsageError(f"expected a JSON number in column {cell.column!r}, got {text!r}", place=place)
        return number


class Tables:
    """Files in the folder `base`, each read once."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._read: dict[str, Table] = {}

    def of(self, cell: Cell, place: str) -> Table:
        """Return the file of a cell; UsageError, with `place` or the file's line, where there is none."""
        table = self._read.get(cell.file)
        if table is None:
            table = self._read[cell.file] = _read(self._base / cell.file, place)
        if cell.column not in table.columns:
            known = ", ".join(table.columns)
            raise UsageError(f"{table.path} has no column {cell.column!r}; it has: {known}", place=place)
        return table


def _read(path: Path, place: str) -> Table:
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            for row in reader:
                if not row:
                    continue
                if len(row) != len(header):
                    message = f"{len(row)} cells, and the header has {len(header)}"
                    raise UsageError(message, place=f"{path}:{reader.line_num}")
                rows.append(row)
                lines.append(reader.line_num)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", place=place) from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise UsageError(f"not CSV in UTF-8: {error}", place=str(path)) from None
    columns = {name.strip(): position for position, name in enumerate(header)}
    if not rows:
        raise UsageError("expected a header and at least one row", place=str(path))
    if len(columns) < len(header) or "" in columns:
        raise UsageError("each column needs a name of its own in the first line", place=f"{path}:1")
    return Table(path, columns, rows, lines)
