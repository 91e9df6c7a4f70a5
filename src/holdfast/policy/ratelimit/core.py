"""GCRA, the generic cell rate algorithm: exact limits of rate and burst with one number a caller.

Of `quota` calls a `period`, a call takes T = period / quota seconds. TAT is the time at which everything
admitted so far would have been spent at that rate:

    TAT' = max(now, TAT) + cost * T          admitted while TAT' - now <= burst * T

(ITU-T I.371, annex A; Brandur Leach, "Rate limiting, cells, and GCRA".) Here TAT is kept as `at`, the time of
the last admission, and a `level` of calls, TAT = at + level * T. The rule is then the leaky bucket's:

    level' = max(0, level - (now - at) / T) + cost          admitted while level' <= burst

which is the same, and stays exact where the other form adds a microsecond to a time in seconds a million
times over: levels are small, and whole as long as costs are and the clock stands still.

A clock that steps back raises the level, as it raises TAT - now, but never beyond `burst`: nobody waits for
longer than an empty quota takes to fill up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from holdfast.policy.require import positive

__all__ = ["SLACK", "Limit", "Standing", "State", "charged", "lacking", "look", "standing", "strayed"]

SLACK = 1e-6
"""Calls: a millionth is forgiven, so that rounding refuses nobody who comes at the very time he was told."""

_LEAST = 1e-9
"""Seconds: a wait that is one is told apart from none, at whatever rate."""

State = tuple[float, ...]
"""What is kept of a caller: the time of the last admission, in seconds, and the level of each limit."""


@dataclass(frozen=True, slots=True)
class Limit:
    """`quota` calls a `period` of seconds, of which `burst` may come at once. `name` is what clients read.

    The quota of one process of several may be a fraction.
    """

    name: str
    quota: float
    period: float
    burst: float
    rate: float = field(init=False)
    """Calls a second."""

    def __post_init__(self) -> None:
        positive(quota=self.quota, period=self.period, burst=self.burst)
        if self.burst < 1:
            raise ValueError(f"burst must be at least 1, not {self.burst}: no call would ever pass")
        rate = self.quota / self.period
        positive(rate=rate)
        object.__setattr__(self, "rate", rate)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller stands with one limit.

    `remaining`: calls of cost 1 that would pass now. `refill`: seconds until one more would. `reset`: seconds
    until all of the burst is there again. `exceeded`: whether this limit refused the call.
    """

    limit: Limit
    remaining: int
    refill: float
    reset: float
    exceeded: bool


def look(limits: Sequence[Limit], state: State | None, now: float) -> list[float]:
    """Return the level of each limit at `now`, 0 to its burst; None is a caller who is not known."""
    if state is None:
        return [0.0] * len(limits)
    elapsed, levels = now - state[0], []
    for limit, level in zip(limits, state[1:], strict=True):
        left = level - elapsed * limit.rate
        levels.append(0.0 if left <= 0.0 else min(left, limit.burst))
    return levels


def lacking(limits: Sequence[Limit], levels: Sequence[float], cost: float) -> float:
    """Return the seconds until a call of `cost` fits all limits: 0 if it fits now, infinite if never."""
    longest = 0.0
    for limit, level in zip(limits, levels, strict=True):
        excess = level + cost - limit.burst
        if excess > SLACK:
            longest = max(longest, max(excess / limit.rate, _LEAST) if cost <= limit.burst else math.inf)
    return longest


def charged(levels: Sequence[float], cost: float, now: float) -> State:
    """Return the state after a call of `cost` was admitted."""
    return (now, *[level + cost for level in levels])


def strayed(limits: Sequence[Limit], state: State | None, now: float) -> bool:
    """Whether the clock has run back so far that the state has to be written anew, or would never catch up.

    Only then does a refused call leave a trace, and it is one in the caller's favour.
    """
    if state is None or now >= state[0]:
        return False
    ahead = state[0] - now
    return any(
        level + ahead * limit.rate > limit.burst + SLACK
        for limit, level in zip(limits, state[1:], strict=True)
    )


def standing(limit: Limit, level: float, cost: float = 0.0) -> Standing:
    """Return where a caller of this `level` stands, and whether a call of `cost` was too much for it."""
    remaining = max(0, int(limit.burst - level + SLACK))
    refill = max(0.0, (level + remaining + 1 - limit.burst) / limit.rate)
    return Standing(limit, remaining, refill, level / limit.rate, level + cost - limit.burst > SLACK)
