"""The number: how many may be inside. Apart from the gate, after Netflix's concurrency-limits."""

from __future__ import annotations

from typing import Protocol

from holdfast.policy.outcome import Outcome
from holdfast.policy.require import at_least

__all__ = ["Fixed", "Limit"]


class Limit(Protocol):
    """How many may be inside, and what it learns from those who leave."""

    @property
    def value(self) -> int:
        """The number now, at least 1."""

    def sample(self, now: float, latency: float, in_flight: int, outcome: Outcome) -> None:
        """Learn: one left after `latency` seconds, `in_flight` having been inside with it."""


class Fixed:
    """A number that somebody decided. It learns nothing."""

    __slots__ = ("value",)

    def __init__(self, value: int) -> None:
        at_least(1, value=value)
        self.value = value

    def sample(self, now: float, latency: float, in_flight: int, outcome: Outcome) -> None:
        """Learn nothing."""
