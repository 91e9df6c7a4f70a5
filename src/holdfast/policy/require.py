"""The two checks that every policy's configuration makes of its numbers."""

from __future__ import annotations

import math

__all__ = ["at_least", "positive"]


def positive(**numbers: float | None) -> None:
    """Raise ValueError naming the first number that is not finite and above 0; None passes."""
    for name, number in numbers.items():
        if number is not None and not (math.isfinite(number) and number > 0):
            raise ValueError(f"{name} must be above 0, not {number}")


def at_least(minimum: float, /, **numbers: float | None) -> None:
    """Raise ValueError naming the first number that is not finite and at least `minimum`; None passes."""
    for name, number in numbers.items():
        if number is not None and not (math.isfinite(number) and number >= minimum):
            raise ValueError(f"{name} must be at least {minimum}, not {number}")
