"""What a derivation says: a number with its formula, or a contradiction with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Derived", "Finding"]


@dataclass(frozen=True, slots=True)
class Derived:
    """A number that follows from others.

    `value` is in `unit`: "workers", "requests a worker", "connections a worker", "calls a worker",
    "processes a worker", "s", "ratio", "x", "/s", "min", "requests". `formula` is in words, with the numbers
    put in; `inputs` are those numbers, as people write them, by their path in the budget. `written`: somebody
    decided the number itself and nothing was derived.
    """

    path: str
    value: float
    unit: str
    formula: str
    inputs: Mapping[str, str]
    written: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """Numbers that cannot hold together; `path` is the one to look at first and `place` its file:line."""

    path: str
    message: str
    place: str
