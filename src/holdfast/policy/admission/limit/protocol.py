"""The number: how many may be inside. Apart from the gate, after Netflix's concurrency-limits."""

from __future__ import annotations

from typing import Protocol

from holdfast.policy.admission.window import Window

__all__ = ["Limit"]


class Limit(Protocol):
    """How many may be inside, and what it learns from those who left.

    It learns from a window at a time, about ten a second, so that a request pays for noting its latency and
    for nothing else (concurrency-limits' WindowedLimit does the same).
    """

    @property
    def value(self) -> int:
        """The number now, at least 1."""

    def learn(self, window: Window) -> None:
        """Take notice of what happened since the last window. It must not raise."""
