"""`{a..b}`: an integer between a and b, both included, anywhere in the text of a request spec."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

__all__ = ["Choice", "JsonValue", "choices", "fill", "fill_text", "find"]

JsonValue: TypeAlias = "bool | int | float | str | Sequence[Any] | dict[str, Any] | None"

Choice: TypeAlias = tuple[int, int]
"""The bounds of one placeholder, both included, low <= high."""

_PLACEHOLDER = re.compile(r"\{(-?\d{1,18})\.\.(-?\d{1,18})\}")


def find(text: str) -> tuple[Choice, ...]:
    """Return the placeholders of `text` from left to right; ValueError where one counts backwards."""
    found = tuple((int(low), int(high)) for low, high in _PLACEHOLDER.findall(text))
    for low, high in found:
        if low > high:
            raise ValueError(f"{{{low}..{high}}} counts backwards: write {{{high}..{low}}}")
    return found


def choices(value: JsonValue) -> tuple[Choice, ...]:
    """Return the placeholders in the strings of a JSON value, in the order in which `fill` uses them.

    Keys of objects are left alone.
    """
    if isinstance(value, str):
        return find(value)
    if isinstance(value, dict):
        return tuple(choice for item in value.values() for choice in choices(item))
    if isinstance(value, list | tuple):
        return tuple(choice for item in value for choice in choices(item))
    return ()


def fill(value: JsonValue, numbers: Iterator[int]) -> JsonValue:
    """Return `value` with each placeholder replaced by the next of `numbers`.

    A string that is one placeholder and nothing else becomes an int: {"product": "{1..500}"} sends a number.
    """
    if isinstance(value, str):
        if _PLACEHOLDER.fullmatch(value):
            return next(numbers)
        return fill_text(value, numbers)
    if isinstance(value, dict):
        return {key: fill(item, numbers) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [fill(item, numbers) for item in value]
    return value


def fill_text(text: str, numbers: Iterator[int]) -> str:
    """Return `text` with each placeholder replaced by the next of `numbers`."""
    return _PLACEHOLDER.sub(lambda _: str(next(numbers)), text)
