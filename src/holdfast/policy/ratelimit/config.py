"""How often one caller may call."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum

from holdfast.policy.mode import Mode
from holdfast.policy.ratelimit.core import Limit
from holdfast.policy.require import positive
from holdfast.policy.share import share

__all__ = ["RateLimitConfig", "Unavailable", "shared"]


class Unavailable(Enum):
    """What becomes of a call while the store cannot say.

    Open: it passes, and nobody is limited. Closed: it is refused. Local: each process limits by itself, to
    its share of the numbers.
    """

    OPEN = "open"
    CLOSED = "closed"
    LOCAL = "local"


@dataclass(frozen=True, slots=True)
class RateLimitConfig:
    """The limits called `name`, all of which a call has to fit.

    `unavailable`: None only for a store that cannot fail. `processes`: how many share the numbers, for
    Unavailable.LOCAL.
    """

    name: str
    limits: tuple[Limit, ...]
    unavailable: Unavailable | None = None
    processes: int = 1
    mode: Mode = Mode.ENFORCE
    most: float = field(init=False)
    """The largest cost that can ever be admitted at once: the least burst."""

    def __post_init__(self) -> None:
        if not self.limits:
            raise ValueError(f'the rate limit "{self.name}" has no limits')
        positive(processes=self.processes)
        object.__setattr__(self, "most", min(limit.burst for limit in self.limits))

    def local(self) -> RateLimitConfig:
        """Return one process's share, under another name: what it counts is its own."""
        limits = tuple(shared(limit, self.processes) for limit in self.limits)
        return RateLimitConfig(self.name, limits, mode=self.mode)

    def check(self, cost: float) -> float:
        """Return the cost; raises ValueError where it is no cost."""
        if not (math.isfinite(cost) and cost >= 0):
            raise ValueError(f'the cost of a call to "{self.name}" must be at least 0, not {cost}')
        return cost


def shared(limit: Limit, processes: int) -> Limit:
    """Return one process's share of a limit: the exact rate, the burst rounded down, but at least 1."""
    if processes == 1:
        return limit
    return Limit(limit.name, limit.quota / processes, limit.period, share(int(limit.burst), processes))
