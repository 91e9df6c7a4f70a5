"""Counts and times in words, the same in every rendering."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["found", "many", "milliseconds"]


def many(count: int, word: str) -> str:
    """Return "1 file", "1,204 files"."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def milliseconds(seconds: float) -> str:
    """Return a time: "412 ms", "9.6 s"."""
    return f"{seconds:,.1f} s" if seconds >= 1 else f"{seconds * 1e3:,.3g} ms"


def found(summary: Mapping[str, int]) -> str:
    """Return how much was found by severity, the worst first: "3 high, 1 low"; "nothing"."""
    return ", ".join(f"{count} {severity}" for severity, count in summary.items() if count) or "nothing"
