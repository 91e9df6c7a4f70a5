"""Dates as HTTP writes them (RFC 9110, 5.6.7), and nothing that looks alike: an odd one is no date."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import formatdate

__all__ = ["read", "write"]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIME = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_DAY = "(?:mon|tue|wed|thu|fri|sat|sun)"
_FORMS = tuple(
    re.compile(form, re.ASCII | re.IGNORECASE)
    for form in (
        rf"{_DAY}, (?P<day>\d\d) (?P<month>[a-z]{{3}}) (?P<year>\d{{4}}) {_TIME} gmt",
        rf"[a-z]{{6,9}}, (?P<day>\d\d)-(?P<month>[a-z]{{3}})-(?P<year>\d\d) {_TIME} gmt",
        rf"{_DAY} (?P<month>[a-z]{{3}}) (?P<day>[ \d]\d) {_TIME} (?P<year>\d{{4}})",
    )
)
"""The one that is written, and the two that may be read: RFC 850 and asctime."""


def read(text: str, now: float) -> float | None:
    """Return seconds since 1970; None for what is no date. `now` says which century two digits mean."""
    for form in _FORMS:
        found = form.fullmatch(text.strip())
        if found is not None:
            break
    else:
        return None
    if found["month"].lower() not in _MONTHS:
        return None
    year, month = int(found["year"]), _MONTHS.index(found["month"].lower()) + 1
    if len(found["year"]) == 2:
        this = datetime.fromtimestamp(now, UTC).year
        year += this - this % 100
        if year > this + 50:
            year -= 100
    day, hour, minute, second = (int(found[name]) for name in ("day", "hour", "minute", "second"))
    try:
        start = datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        return None
    return start.timestamp() + second if second <= 60 else None  # a leap second is one


def write(at: float) -> str:
    """Return a moment, in seconds since 1970."""
    return formatdate(at, usegmt=True)
