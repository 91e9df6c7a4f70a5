"""A table that is read from one end to the other, as a plan shows it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Scan"]


@dataclass(frozen=True, slots=True)
class Scan:
    """`table` is read whole, known as `alias` in `condition`, which says what rows are wanted.

    `rows`: how many it has, `found`: how many of them meet the condition; both as the planner thinks, None
    where its plan does not say.
    """

    table: str
    alias: str
    condition: str
    rows: int | None = None
    found: int | None = None
