"""From when on an attempt is late."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

__all__ = ["HedgeConfig", "HedgeSection"]


class HedgeSection(Protocol):
    """The budget's [dependency.NAME.hedge]; None where nobody has decided."""

    @property
    def percentile(self) -> float | None:
        """The percentile of the latency from which on an attempt is late, 0 to 1."""


@dataclass(frozen=True, slots=True)
class HedgeConfig:
    """Decided: `percentile`, between 0 and 1; Dean and Barroso, "The Tail at Scale", use 0.95."""

    percentile: float

    def __post_init__(self) -> None:
        if not 0 < self.percentile < 1:
            raise ValueError(f"percentile must be between 0 and 1, not {self.percentile}")

    @property
    def least(self) -> int:
        """Latencies before the percentile is known: so many that one lies above it."""
        return math.ceil(round(1 / (1 - self.percentile), 6))  # 0.9 is not a tenth below 1 in binary

    @property
    def samples(self) -> int:
        """The last latencies, of which it is taken: ten lie above it, so that one more moves it little."""
        return 10 * self.least

    @classmethod
    def from_budget(cls, section: HedgeSection) -> HedgeConfig | None:
        """Return the budget's number; None without one: nothing is sent twice on a guess."""
        return None if section.percentile is None else cls(section.percentile)
