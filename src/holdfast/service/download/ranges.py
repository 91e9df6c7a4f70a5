"""Which parts of a file a request wants: RFC 9110, 14.

Starlette's file response parses ranges, merges and sends them; it answers 400 to ranges that the RFC wants
ignored (an unknown unit, a malformed one) and 416 where one range of several lies outside. So it is shown
only the ranges that it sends rightly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["satisfiable"]

_RANGES = re.compile(r"bytes=\s*(?:\d+-\d*|-\d+)(?:\s*,\s*(?:\d+-\d*|-\d+))*\s*", re.ASCII | re.IGNORECASE)
_DIGITS = 18
"""Digits of a position: no file is larger, and Python refuses to read numbers of thousands."""


def satisfiable(ranges: str, size: int) -> str | None:
    """Return of a Range header what a file of `size` bytes has; None where it is to be ignored.

    Where no range is satisfiable it comes back as it is: that is a 416.
    """
    if not _RANGES.fullmatch(ranges):
        return None
    found = list(_read(ranges))
    if any(len(first) > _DIGITS or len(last) > _DIGITS for first, last in found):
        return None
    if any(first and last and int(first) > int(last) for first, last in found):
        return None
    inside = [f"{first}-{last}" for first, last in found if _inside(first, last, size)]
    return "bytes=" + ",".join(inside) if inside else ranges


def _read(ranges: str) -> Iterator[tuple[str, str]]:
    for part in ranges.split("=", 1)[1].split(","):
        first, _, last = part.strip().partition("-")
        yield first, last


def _inside(first: str, last: str, size: int) -> bool:
    return int(first) < size if first else int(last) > 0 and size > 0
