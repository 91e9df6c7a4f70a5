"""What makes an instance unready, and what makes it ready again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from holdfast.budget.model import Budget

__all__ = ["HealthConfig"]

_LAPSE = 10.0
"""Seconds for which a breaker's word counts where the budget does not say for how long it stays open."""


@dataclass(frozen=True, slots=True)
class HealthConfig:
    """All times in seconds; None: that symptom never makes unready.

    `saturation`: how long the door refuses. `lag`: how late the loop is, for as long as `after`; below
    `clear` times that it is well again. `dependencies`: those that make unready once they have been gone for
    `after`, each with how long an open breaker that nobody calls is believed.
    """

    saturation: float | None = None
    lag: float | None = None
    dependencies: Mapping[str, float] = field(default_factory=dict)
    after: float = 5.0
    recover: float = 5.0
    least: float = 10.0
    clear: float = 0.5

    @classmethod
    def from_budget(cls, budget: Budget) -> HealthConfig:
        """Return the budget's. A breaker's word lapses after twice the time that it stays open."""
        health = budget.health
        lapses = {}
        for name in health.dependencies:
            opened = budget.dependency[name].breaker.open
            lapses[name] = _LAPSE if opened is None else 2 * opened
        return cls(
            health.saturation,
            health.lag,
            lapses,
            health.after,
            health.recover,
            health.least,
            health.clear,
        )

    @property
    def active(self) -> bool:
        """Whether anything makes unready."""
        return self.saturation is not None or self.lag is not None or bool(self.dependencies)
