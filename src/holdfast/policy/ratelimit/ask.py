"""What a store is asked, and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from holdfast.policy.ratelimit.config import RateLimitConfig
from holdfast.policy.ratelimit.core import Standing, standing

__all__ = ["Ask", "Store", "Verdict"]


class Ask:
    """May `key` (a caller, as text) make a call of `cost` under `config`?"""

    __slots__ = ("config", "cost", "key")

    def __init__(self, config: RateLimitConfig, key: str, cost: float = 1.0) -> None:
        self.config = config
        self.key = key
        self.cost = cost


class Verdict:
    """`wait`: seconds until what was asked fits, 0 where it was admitted, infinite where it never will.

    `levels`: of each ask the level of each limit, what was admitted included.
    """

    __slots__ = ("asks", "levels", "wait")

    def __init__(self, asks: Sequence[Ask], levels: Sequence[Sequence[float]], wait: float) -> None:
        self.asks = asks
        self.levels = levels
        self.wait = wait

    @property
    def admitted(self) -> bool:
        """Whether it was admitted, and charged."""
        return self.wait == 0.0

    def standings(self) -> list[Standing]:
        """Return where the caller stands with each limit, in the order of the asks."""
        refused = self.wait > 0.0
        return [
            standing(limit, level, ask.cost if refused else 0.0)
            for ask, levels in zip(self.asks, self.levels, strict=True)
            for limit, level in zip(ask.config.limits, levels, strict=True)
        ]


class Store(Protocol):
    """Where states are kept. One per event loop."""

    async def take(self, asks: Sequence[Ask]) -> Verdict:
        """Charge all of `asks`, or none. Raises StoreUnavailable."""

    async def aclose(self) -> None:
        """Give back what it holds."""
