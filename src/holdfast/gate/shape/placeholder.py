"""What may stand in braces, anywhere in the text of a request spec.

    {1..500}                 an integer between both, included
    {users.csv:email}        a cell: all columns of one file come from the same row
    {users.csv:age:number}   the same, a number where it is a whole JSON value
    {env:TOKEN}              a variable of the environment

Any other brace is text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = ["Cell", "JsonValue", "Placeholder", "Range", "Variable", "fill", "fill_text", "find", "find_all"]

JsonValue: TypeAlias = "bool | int | float | str | Sequence[Any] | dict[str, Any] | None"


@dataclass(frozen=True, slots=True)
class Range:
    """Both bounds are included, low <= high."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Cell:
    """A column of a CSV file; `number`: its text is a JSON number and is sent as one."""

    file: str
    column: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the environment."""

    name: str


Placeholder: TypeAlias = "Range | Cell | Variable"

_PLACEHOLDER = re.compile(
    r"\{(?:(-?\d{1,18})\.\.(-?\d{1,18})"
    r"|(?P<file>[^{}:\"]+\.csv):(?P<column>[^{}:\"]+)(?P<number>:number)?"
    r"|env:(?P<variable>[A-Za-z_][A-Za-z0-9_]*))\}"
)


def find(text: str) -> tuple[Placeholder, ...]:
    """Return the placeholders of `text` from left to right; ValueError where one counts backwards."""
    return tuple(_read(match) for match in _PLACEHOLDER.finditer(text))


def _read(match: re.Match[str]) -> Placeholder:
    if match["variable"]:
        return Variable(match["variable"])
    if match["file"]:
        return Cell(match["file"], match["column"], match["number"] is not None)
    low, high = int(match[1]), int(match[2])
    if low > high:
        raise ValueError(f"{{{low}..{high}}} counts backwards: write {{{high}..{low}}}")
    return Range(low, high)


def find_all(value: JsonValue) -> tuple[Placeholder, ...]:
    """Return the placeholders in the strings of a JSON value, in the order in which `fill` uses them.

    Keys of objects are left alone.
    """
    if isinstance(value, str):
        return find(value)
    if isinstance(value, dict):
        return tuple(found for item in value.values() for found in find_all(item))
    if isinstance(value, list | tuple):
        return tuple(found for item in value for found in find_all(item))
    return ()


def fill(value: JsonValue, given: Iterator[JsonValue]) -> JsonValue:
    """Return `value` with each placeholder replaced by the next that is `given`.

    A string that is one placeholder and nothing else becomes what is given, a number a number:
    {"product": "{1..500}"} sends a number.
    """
    if isinstance(value, str):
        if _PLACEHOLDER.fullmatch(value):
            return next(given)
        return fill_text(value, given)
    if isinstance(value, dict):
        return {key: fill(item, given) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [fill(item, given) for item in value]
    return value


def fill_text(text: str, given: Iterator[JsonValue], escape: Callable[[str], str] = str) -> str:
    """Return `text` with each placeholder replaced by the next that is `given`, escaped."""
    return _PLACEHOLDER.sub(lambda _: escape(str(next(given))), text)
