"""Whether a text says a number, however it writes it.

300 ms is found in "300ms", "300 milliseconds", "0.3 s", and in a table cell "300" below a heading "p99 (ms)";
99.9% in "99.9 %", "99.9 percent" and "0.999"; 200/s in "200 requests per second", "200 rps" and "12,000/min".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from holdfast.budget.numbers import Unit
from holdfast.budget.units import SIZES

__all__ = ["mentions"]

_NUMBER = r"(?<![\w.])(\d{1,3}(?:[,_\u00a0\u202f]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
_SECONDS = {
    r"ns|nanoseconds?": 1e-9,
    r"us|µs|microseconds?": 1e-6,
    r"ms|millis(?:econds?)?": 1e-3,
    r"s|secs?|seconds?": 1.0,
    r"m|mins?|minutes?": 60.0,
    r"h|hrs?|hours?": 3600.0,
    r"d|days?": 86400.0,
}
_PER = r"(?:\s*[\w-]+){0,3}?\s*(?:/|per\s|an?\s|each\s|every\s)\s*"
_PERIODS = {
    rf"{_PER}(?:s|sec|second)|\s*(?:rps|qps|tps)": 1.0,
    rf"{_PER}(?:m|min|minute)|\s*rpm": 60.0,
    rf"{_PER}(?:h|hour)": 3600.0,
    rf"{_PER}(?:d|day)": 86400.0,
}
_WORDS = ("zero one two three four five six seven eight nine ten eleven twelve").split()  # noqa: SIM905
_TIMES = {1: "once", 2: "twice|double|doubled", 3: "thrice"}


def mentions(text: str, value: float, unit: Unit) -> bool:
    """Return whether `text` says `value`, which is in the base unit (seconds, a second, ratio, bytes)."""
    if unit == "text":
        return True
    plain = re.sub(r"[*`]", "", text)
    return any(
        abs(found - value) <= 1e-9 * max(abs(value), abs(found)) for found in _values(plain, value, unit)
    )


def _values(text: str, value: float, unit: Unit) -> Iterator[float]:
    if unit == "duration":
        yield from _scaled(text, {rf"[ -]?(?:{words})\b": scale for words, scale in _SECONDS.items()})
        yield from _tabled(text, _SECONDS)
    elif unit == "rate":
        yield from _scaled(text, {rf"(?:{words})\b": 1 / period for words, period in _PERIODS.items()})
        heads = {
            r"/\s?s|per second|rps|qps": 1.0,
            r"/\s?min|per minute|rpm": 1 / 60,
            r"/\s?h|per hour": 1 / 3600,
        }
        yield from _tabled(text, heads)
    elif unit == "ratio":
        yield from _scaled(text, {r"\s?(?:%|per\s?cent)": 0.01, r"(?!\s?%)": 1.0})
        yield from _tabled(text, {r"%|per\s?cent": 0.01})
    elif unit == "bytes":
        yield from _scaled(
            text, {rf"\s?{name}\b": float(size) for name, size in SIZES.items()} | {r"\b": 1.0}
        )
    else:
        yield from _scaled(text, {r"(?!\d)": 1.0})
        whole = int(value) if value == int(value) else -1
        word = _WORDS[whole] if 0 <= whole < len(_WORDS) else ""
        words = "|".join(filter(None, (word, _TIMES.get(whole, ""), "no" if whole == 0 else "")))
        if words and re.search(rf"\b(?:{words})\b", text, re.IGNORECASE):
            yield value


def _scaled(text: str, scales: Mapping[str, float]) -> Iterator[float]:
    """Yield the numbers that a unit follows, in the base unit."""
    for words, scale in scales.items():
        for found in re.finditer(_NUMBER + words, text, re.IGNORECASE):
            yield _float(found[1]) * scale


def _tabled(text: str, units: Mapping[str, float]) -> Iterator[float]:
    """Yield the bare numbers of table rows, in each unit that a heading of the table names."""
    rows = [line for line in text.splitlines() if line.lstrip().startswith("|")]
    for words, scale in units.items():
        if any(re.search(rf"[(\[,]\s?(?:{words})\s?[)\],]|\bin (?:{words})\b", row) for row in rows):
            for row in rows:
                yield from (_float(found[1]) * scale for found in re.finditer(_NUMBER + r"\s*\|", row))


def _float(written: str) -> float:
    return float(re.sub(r"[,_\u00a0\u202f]", "", written))
