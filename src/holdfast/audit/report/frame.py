"""A few lines of source around a place."""

from __future__ import annotations

from typing import Any

from holdfast.audit.sources import Sources

__all__ = ["frame"]

_AROUND = 2
_WIDEST = 160


def frame(sources: Sources, file: str, line: int) -> dict[str, Any] | None:
    """Return the lines around `line` with the number of the first; None where the source has no such line.

    Blank lines at both ends are left out; tabs become spaces, and what is too wide is cut.
    """
    lines = sources.lines(file)
    if not 0 < line <= len(lines):
        return None
    first, last = max(1, line - _AROUND), min(len(lines), line + _AROUND)
    while first < line and not lines[first - 1].strip():
        first += 1
    while last > line and not lines[last - 1].strip():
        last -= 1
    shown = [text.expandtabs(4).rstrip()[:_WIDEST] for text in lines[first - 1 : last]]
    return {"first": first, "lines": shown}
