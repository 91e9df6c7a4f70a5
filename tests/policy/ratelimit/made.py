"""What these tests ask with, and the rule as the books write it, in exact numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from hypothesis import strategies as st

from holdfast.policy.ratelimit import Ask, Limit, RateLimitConfig


def limit(quota: float = 10, period: float = 1, burst: float | None = None, name: str = "x") -> Limit:
    return Limit(name, quota, period, quota if burst is None else burst)


def config(*limits: Limit, name: str = "orders", **options: object) -> RateLimitConfig:
    return RateLimitConfig(name, limits or (limit(),), **options)  # type: ignore[arg-type]


def ask(wanted: RateLimitConfig | None = None, key: str = "alice", cost: float = 1.0) -> Ask:
    return Ask(wanted or config(), key, cost)


@dataclass
class Settable:
    """A clock that a test sets, backwards too."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class ByTheBook:
    """GCRA by its definition: TAT' = max(now, TAT) + cost * T, admitted while TAT' - now <= burst * T."""

    limits: tuple[Limit, ...]
    tats: list[Fraction] = field(default_factory=list)

    def take(self, now: float, cost: float) -> tuple[bool, Fraction]:
        """Return whether a call is admitted, and by how many calls it was above (or below) its limit."""
        at = Fraction(now)
        self.tats = self.tats or [at] * len(self.limits)
        after, excess = [], []
        for each, tat in zip(self.limits, self.tats, strict=True):
            interval = Fraction(each.period) / Fraction(each.quota)
            new = max(at, tat) + Fraction(cost) * interval
            after.append(new)
            excess.append((new - at) / interval - Fraction(each.burst))
        admitted = max(excess) <= 0
        if admitted:
            self.tats = after
        return admitted, max(excess)


QUOTAS = st.one_of(st.integers(1, 10_000), st.sampled_from([1, 3, 7, 10**6, 10**9]))
PERIODS = st.sampled_from([1.0, 60.0, 3600.0, 86400.0, 0.001, 15 * 60.0, 7.3])


@st.composite
def limits(draw: st.DrawFn) -> Limit:
    quota = draw(QUOTAS)
    burst = draw(st.one_of(st.just(quota), st.integers(1, 50)))
    return Limit(f"q{quota}b{burst}", quota, draw(PERIODS), burst)


COSTS = st.one_of(st.just(1.0), st.integers(0, 20).map(float), st.sampled_from([0.5, 2.25]))
"""Costs; fractions are those that a float holds exactly."""


def histories(size: int) -> st.SearchStrategy[list[tuple[float, float, str]]]:
    """Return calls of (pause, cost, caller): of two callers, or of one on a clock that steps back as well.

    Not both, nor one that costs nothing: memory drops, when a caller is added, whoever has all of his quota
    by a clock that runs back afterwards.
    """
    steps = PAUSES | st.floats(-100, 0)
    two = st.lists(st.tuples(PAUSES, COSTS, st.sampled_from("ab")), max_size=size)
    return two | st.lists(st.tuples(steps, COSTS.filter(bool), st.just("a")), max_size=size)


PAUSES = st.one_of(st.just(0.0), st.floats(0, 2), st.floats(0, 100_000), st.sampled_from([1e-6, 0.1, 1 / 3]))
"""Seconds between calls."""
