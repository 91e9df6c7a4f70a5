"""Numbers as people read them: 312 ms, 99.95%, 1,204/s, 3.1x.

Rounding never flatters: a share below one is never shown as 100%, and two different numbers that would
read alike are shown with the digits that tell them apart.
"""

from __future__ import annotations

import math

__all__ = [
    "NOTHING",
    "TIMES",
    "count",
    "delay",
    "duration",
    "pair",
    "plural",
    "rate",
    "ratio",
    "show",
    "signed_share",
    "times",
]

NOTHING = "–"  # noqa: RUF001 - a dash reads as "no value" where 0 would lie
TIMES = "×"  # noqa: RUF001 - the sign, not the letter
MICRO = "µs"
MINUTE = 60.0
MOST_DIGITS = 9


def duration(seconds: float, digits: int = 3) -> str:
    """Return `seconds` in the unit that keeps the figure short, with `digits` significant digits."""
    size = abs(seconds)
    if size >= 2 * MINUTE:
        whole = round(seconds)
        return f"{whole // 60} min {whole % 60:02d} s"
    if size == 0:
        return "0 s"
    if size >= 0.9995:
        return f"{_significant(seconds, digits)} s"
    if size >= 0.0009995:
        return f"{_significant(seconds * 1e3, digits)} ms"
    return f"{_significant(seconds * 1e6, digits)} {MICRO}"


def delay(seconds: float, word: str = "") -> str:
    """Return how long something took to come, after `word` ("in 3.2 s"); what took no time came "at once"."""
    return f"{word} {duration(seconds)}".lstrip() if seconds else "at once"


def ratio(share: float, digits: int = 3) -> str:
    """Return a share 0..1 in percent; what is not whole is not rounded up to 100%, nor down to 0%."""
    percent = share * 100
    if 0 < percent < 100:
        away = min(percent, 100 - percent)
        decimals = max(0, min(MOST_DIGITS, digits - 2 - math.floor(math.log10(away))))
        decimals = min(decimals, 1 if digits <= 3 and 1 <= percent <= 99 else MOST_DIGITS)
        return f"{_trim(f'{percent:.{decimals}f}')}%"
    return f"{_trim(f'{percent:.{max(1, digits - 2)}f}')}%"


def count(number: float) -> str:
    """Return a whole number with its thousands set apart."""
    return f"{round(number):,}"


def rate(per_second: float, digits: int = 3) -> str:
    """Return requests (or other things) a second."""
    return f"{_significant(per_second, digits)}/s"


def plural(number: int, noun: str) -> str:
    """Return "1 worker", "2 workers"."""
    return f"{count(number)} {noun}" if number == 1 else f"{count(number)} {noun}s"


def times(factor: float, digits: int = 2) -> str:
    """Return a factor, "3.1x"."""
    return f"{_significant(factor, digits)}{TIMES}"


def show(value: float | None, unit: str, digits: int = 3) -> str:
    """Return `value` in `unit` of the document ("s", "ratio", "/s", "count", "x"), a dash for None."""
    if value is None:
        return NOTHING
    if unit == "s":
        return duration(value, digits)
    if unit == "ratio":
        return ratio(value, digits)
    if unit == "/s":
        return rate(value, digits)
    if unit == "x":
        return times(value, max(2, digits - 1))
    if unit == "count":
        return count(value) if value == round(value) else _significant(value, digits)
    return f"{_significant(value, digits)} {unit}".rstrip()


def pair(required: float | None, measured: float | None, unit: str) -> tuple[str, str]:
    """Return both as text that differs where the numbers do: 300 ms required must not read 300 ms missed."""
    shown = show(required, unit), show(measured, unit)
    if required is None or measured is None or required == measured:
        return shown
    for digits in range(3, MOST_DIGITS):
        shown = show(required, unit, digits), show(measured, unit, digits)
        if shown[0] != shown[1]:
            break
    return shown


def signed_share(share: float) -> str:
    """Return a relative difference in whole percent where that suffices, "38%", "0.4%"."""
    percent = abs(share) * 100
    return f"{percent:.0f}%" if percent >= 10 else f"{_significant(percent, 2)}%"


def _significant(value: float, digits: int) -> str:
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, decimals)
    return _trim(f"{rounded:,.{max(0, decimals)}f}") if decimals > 0 else f"{round(value):,}"


def _trim(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
