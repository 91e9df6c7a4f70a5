"""The log of stalls: JSON lines that the supervisor writes and other verbs read.

    {"schema": "holdfast.stall", "version": 1, "time": "2026-11-20T12:00:00.123Z", "worker": 4711,
     "at": 1234.5, "duration": 0.31, "file": "shop/orders.py", "line": 40, "function": "charge", ...}

`time` is when it was written, `at` the start on the monotonic clock of the machine, the rest as in
`events.StallSeen`. A place that stalls again and again is not written each time: `skipped` stalls, or parts
of them, of `skipped_seconds` in all are summed up in the next line of that place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from holdfast.errors import UsageError
from holdfast.events import StallSeen

__all__ = ["SCHEMA", "VERSION", "Record", "line", "previous", "read"]

SCHEMA = "holdfast.stall"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the log."""

    time: str
    worker: int
    stall: StallSeen
    skipped: int = 0
    skipped_seconds: float = 0.0

    @property
    def seconds(self) -> float:
        """All the time that this line speaks of."""
        return self.stall.duration + self.skipped_seconds


def line(record: Record) -> str:
    """Return `record` as a line, its end included."""
    document: dict[str, Any] = {"schema": SCHEMA, "version": VERSION}
    document |= {"time": record.time, "worker": record.worker, **asdict(record.stall)}
    if record.skipped:
        document |= {"skipped": record.skipped, "skipped_seconds": record.skipped_seconds}
    return json.dumps(document) + "\n"


def previous(path: Path) -> Path:
    """Return the file that a full log is moved to."""
    return path.with_name(f"{path.name}.1")


def read(path: Path | str) -> list[Record]:
    """Return the records in `path`, oldest first, those in the file that was full before included.

    Raises `UsageError` with file:line for a line that is none, or of a version that this one does not know;
    a last line that was cut off, as a kill leaves it, is passed over.
    """
    path = Path(path)
    found: list[Record] = []
    if previous(path).exists():
        found += _read(previous(path))
    return found + list(_read(path))


def _read(path: Path) -> Iterator[Record]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"cannot read the stall log: {error.strerror}", place=str(path)) from None
    lines = text.split("\n")
    lines.pop()  # what follows the last end of a line: nothing, or what was being written
    for number, each in enumerate(lines, 1):
        if each.strip():
            yield _record(each, f"{path}:{number}")


_STALL = {name: kind for name, kind in get_type_hints(StallSeen).items() if name != "stack"}
_OPTIONAL = {field.name for field in fields(StallSeen) if field.name in ("request_id", "cause")}


def _record(text: str, place: str) -> Record:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise UsageError(f"not a line of a stall log: {error}", place=place) from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise UsageError(f'not a line of a stall log: no schema "{SCHEMA}"', place=place)
    if document.get("version") != VERSION:
        message = f"a stall log of version {document.get('version')}, this holdfast reads {VERSION}"
        raise UsageError(message, place=place)
    try:
        values = {
            name: _checked(document, name, kind)
            for name, kind in _STALL.items()
            if name in document or name not in _OPTIONAL
        }
        stack = document.get("stack", [])
        if not isinstance(stack, list) or not all(isinstance(step, str) for step in stack):
            raise ValueError("stack is no list of texts")
        return Record(
            time=_checked(document, "time", str),
            worker=_checked(document, "worker", int),
            stall=StallSeen(**values, stack=tuple(stack)),
            skipped=_checked(document, "skipped", int) if "skipped" in document else 0,
            skipped_seconds=_checked(document, "skipped_seconds", float) if "skipped" in document else 0.0,
        )
    except ValueError as error:
        raise UsageError(f"not a line of a stall log: {error}", place=place) from None


def _checked(document: dict[str, Any], name: str, kind: type) -> Any:
    if name not in document:
        raise ValueError(f"{name} is missing")
    value = document[name]
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(f"{name} is {value!r}")
    return value
