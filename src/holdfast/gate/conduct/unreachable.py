"""Calls attempted while nobody listened: the service made them, and no proxy can have seen them.

Counted from the last look before such a phase to the first one after it, so it is an upper bound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from holdfast.gate.scenario import PlannedPhase

__all__ = ["Unreachable"]


class Unreachable:
    """`attempts`: how many, by dependency."""

    def __init__(self) -> None:
        self.attempts: Counter[str] = Counter()
        self._closed: set[str] = set()  # since the last look, for any time
        self._now = ""
        self._before: Mapping[str, int] = {}

    def enter(self, phase: PlannedPhase) -> None:
        """A phase begins."""
        self._now = phase.dependency if phase.fault is not None and phase.fault.refuses else ""
        if self._now:
            self._closed.add(self._now)

    def look(self, attempted: Mapping[str, int]) -> None:
        """Take what each dependency was asked up to now, by the service's own count."""
        for name in self._closed:
            self.attempts[name] += attempted.get(name, 0) - self._before.get(name, 0)
        self._closed = {self._now} if self._now else set()
        self._before = attempted
