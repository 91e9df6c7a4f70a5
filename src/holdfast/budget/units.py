"""The units of the budget: what people write, and the numbers that programs use.

| written                     | type       | number              |
|-----------------------------|------------|---------------------|
| "300ms" "2s" "5m" "1.5h"    | `Duration` | seconds, > 0        |
| "0s" "5s"                   | `Pause`    | seconds, >= 0       |
| "99.9%" 0.999               | `Ratio`    | 0..1                |
| "200/s" "60/min" "3600/h"   | `Rate`     | a second, > 0       |
| "64MiB" "1.5GB" 65536       | `Bytes`    | whole bytes, > 0    |
| 4                           | `Count`    | a whole number >= 1 |
| 0                           | `Whole`    | a whole number >= 0 |
| 2 1.5                       | `Factor`   | >= 1                |

A bare number is taken where only one reading exists: a duration of 300 would be milliseconds to one reader
and seconds to the next, so it is refused. Decimal arithmetic keeps "0.1s" equal to "100ms". Every `parse_*`
raises ValueError that says what was expected, with an example; each `format_*` is its inverse.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import BeforeValidator

__all__ = [
    "Bytes",
    "Count",
    "Duration",
    "Factor",
    "Pause",
    "Rate",
    "Ratio",
    "Whole",
    "format_bytes",
    "format_duration",
    "format_factor",
    "format_rate",
    "format_ratio",
    "parse_bytes",
    "parse_count",
    "parse_duration",
    "parse_factor",
    "parse_pause",
    "parse_rate",
    "parse_ratio",
    "parse_whole",
]

SECONDS = {
    "d": Decimal(86400),
    "h": Decimal(3600),
    "m": Decimal(60),
    "s": Decimal(1),
    "ms": Decimal("1e-3"),
    "us": Decimal("1e-6"),
    "ns": Decimal("1e-9"),
}
"""Seconds in each unit, the largest first."""

PERIODS = {
    "s": 1,
    "sec": 1,
    "second": 1,
    "m": 60,
    "min": 60,
    "minute": 60,
    "h": 3600,
    "hour": 3600,
    "d": 86400,
}
"""Seconds in what follows the stroke of a rate."""

SIZES = {
    "B": 1,
    "kB": 10**3,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}
"""Bytes in each unit."""

_QUANTITY = re.compile(r"\s*([+-]?[\d_]*\.?\d+(?:[eE][+-]?\d+)?)\s*(\S.*?)?\s*")


def _split(value: object) -> tuple[Decimal, str] | None:
    """Return the number and the unit of "300 ms", the unit "" where there is none; None if it is neither."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return (Decimal(repr(value)), "") if math.isfinite(value) else None
    found = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    try:
        return Decimal(found[1].replace("_", "")), found[2] or ""
    except InvalidOperation:
        return None


def _finite(number: Decimal) -> float | None:
    """Return the nearest float, None where it overflows or a number above zero vanishes."""
    result = float(number)
    return None if math.isinf(result) or (number and not result) else result


def parse_pause(value: object) -> float:
    """Return seconds, zero included."""
    if (split := _split(value)) and (unit := split[1].replace("µ", "u").replace("min", "m")) in SECONDS:
        seconds = _finite(split[0] * SECONDS[unit])
        if seconds is not None and seconds >= 0:
            return seconds
    hint = " (a duration needs its unit)" if split and not split[1] else ""
    raise ValueError(f'expected a duration, such as "300ms", "2s" or "5m", got {_show(value)}{hint}')


def parse_duration(value: object) -> float:
    """Return seconds, more than zero."""
    if not (seconds := parse_pause(value)):
        raise ValueError(f'expected a duration above zero, such as "300ms", got {_show(value)}')
    return seconds


def parse_ratio(value: object) -> float:
    """Return a ratio from 0 to 1."""
    split = _split(value)
    if split and split[1] in ("", "%"):
        ratio = _finite(split[0] / 100 if split[1] else split[0])
        if ratio is not None and 0 <= ratio <= 1:
            return ratio
    raise ValueError(f'expected a share from 0% to 100%, such as "99.9%" or 0.999, got {_show(value)}')


def parse_rate(value: object) -> float:
    """Return a rate per second, more than zero."""
    split = _split(value)
    if split and split[1].startswith("/") and (period := split[1][1:].strip()) in PERIODS:
        rate = _finite(split[0] / PERIODS[period])
        if rate is not None and rate > 0:
            return rate
    hint = " (a rate needs its period)" if split and not split[1] else ""
    raise ValueError(f'expected a rate above zero, such as "200/s" or "60/min", got {_show(value)}{hint}')


def parse_bytes(value: object) -> int:
    """Return whole bytes, more than zero."""
    split = _split(value)
    if split and (split[1] or "B") in SIZES:
        size = split[0] * SIZES[split[1] or "B"]
        if size > 0 and size == size.to_integral_value():
            return int(size)
    raise ValueError(f'expected a size in whole bytes, such as "64MiB" or 65536, got {_show(value)}')


def parse_whole(value: object) -> int:
    """Return a whole number of at least 0."""
    split = _split(value)
    plain = split is not None and not split[1] and not isinstance(value, float)
    if split and plain and split[0] >= 0 and split[0] == split[0].to_integral_value():
        return int(split[0])
    raise ValueError(f"expected a whole number of at least 0, such as 10, got {_show(value)}")


def parse_count(value: object) -> int:
    """Return a whole number of at least 1."""
    try:
        if count := parse_whole(value):
            return count
    except ValueError:
        pass
    raise ValueError(f"expected a whole number of at least 1, such as 4, got {_show(value)}")


def parse_factor(value: object) -> float:
    """Return a factor of at least 1."""
    split = _split(value)
    if split and split[1] in ("", "x"):
        factor = _finite(split[0])
        if factor is not None and factor >= 1:
            return factor
    raise ValueError(f"expected a factor of at least 1, such as 2.0, got {_show(value)}")


def format_duration(seconds: float) -> str:
    """Return "300ms" for 0.3: whole days, hours or minutes, else the largest unit that is not above it."""
    exact = Decimal(repr(seconds))
    if not exact:
        return "0s"
    long = (unit for unit in ("d", "h", "m") if exact % SECONDS[unit] == 0)
    short = (unit for unit in ("s", "ms", "us") if exact >= SECONDS[unit])
    unit = next(long, None) or next(short, "ns")
    return _plain(exact / SECONDS[unit]) + unit


def format_ratio(ratio: float) -> str:
    """Return "99.9%" for 0.999."""
    return _plain(Decimal(repr(ratio)) * 100) + "%"


def format_rate(rate: float) -> str:
    """Return "200/s" for 200.0, and the longer period where that makes the number round ("10/min")."""
    if len(_plain(Decimal(repr(rate)))) > 6:
        for period in ("min", "h", "d"):
            text = f"{_plain(Decimal(round(rate * PERIODS[period])))}/{period}"
            if float(text.split("/", maxsplit=1)[0]) and parse_rate(text) == rate:
                return text
    return _plain(Decimal(repr(rate))) + "/s"


def format_bytes(size: int) -> str:
    """Return "64MiB" for 67108864: the largest unit that needs no fraction, powers of 1024 first."""
    for unit in ("TiB", "GiB", "MiB", "KiB", "TB", "GB", "MB", "kB"):
        if size and size % SIZES[unit] == 0:
            return f"{size // SIZES[unit]}{unit}"
    return f"{size}B"


def format_factor(factor: float) -> str:
    """Return "1.5" for 1.5 and "2" for 2.0."""
    return _plain(Decimal(repr(factor)))


def _plain(number: Decimal) -> str:
    """Return a decimal without exponent and without zeros that say nothing."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _show(value: object) -> str:
    """Return a value as TOML would write it, cut to a readable length."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "a table"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


Duration = Annotated[float, BeforeValidator(parse_duration)]
Pause = Annotated[float, BeforeValidator(parse_pause)]
Ratio = Annotated[float, BeforeValidator(parse_ratio)]
Rate = Annotated[float, BeforeValidator(parse_rate)]
Bytes = Annotated[int, BeforeValidator(parse_bytes)]
Count = Annotated[int, BeforeValidator(parse_count)]
Whole = Annotated[int, BeforeValidator(parse_whole)]
Factor = Annotated[float, BeforeValidator(parse_factor)]
