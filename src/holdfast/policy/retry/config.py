"""How often a failed call is repeated, and how fast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from holdfast.policy.mode import Mode
from holdfast.policy.require import at_least, positive

__all__ = ["RetryConfig", "RetrySection"]


class RetrySection(Protocol):
    """The budget's [dependency.NAME.retry]; None where nobody has decided."""

    @property
    def attempts(self) -> int | None:
        """Attempts in all, the first included."""

    @property
    def budget(self) -> float | None:
        """Retries a call, at most, as a ratio."""

    @property
    def floor(self) -> float | None:
        """Retries a second that the service is granted beyond it; None: none."""


@dataclass(frozen=True, slots=True)
class RetryConfig:
    """Decided: `attempts` in all, the first included, and `ratio`, retries a call. The rest is mechanism.

    floor: retries a second that this process is granted beyond the ratio. 0: amplification is at most
        1 + ratio over any window of 10 s that ends with a granted retry. A service with little traffic may
        want its few retries anyway, and says so here; the bound is then ratio * calls + floor * 10 s.
    window: seconds over which calls fund retries; Finagle's RetryBudget, ttl 10 s.
    base, cap: seconds of the exponential backoff; Envoy's retry_back_off, 25 ms and ten times that.
    buckets: resolution of the window; Finagle uses 10.
    """

    attempts: int
    ratio: float
    floor: float = 0.0
    window: float = 10.0
    base: float = 0.025
    cap: float = 0.25
    buckets: int = 10
    mode: Mode = Mode.ENFORCE

    def __post_init__(self) -> None:
        at_least(1, attempts=self.attempts)
        at_least(0, ratio=self.ratio, floor=self.floor)
        positive(window=self.window, base=self.base, cap=self.cap)
        at_least(2, buckets=self.buckets)
        if self.ratio > 1:
            raise ValueError(f"ratio is retries a call, from 0 to 1, not {self.ratio}")
        if self.base > self.cap:
            raise ValueError(f"the first backoff ({self.base} s) is above the longest ({self.cap} s)")

    @classmethod
    def from_budget(
        cls, section: RetrySection, *, processes: int = 1, mode: Mode = Mode.ENFORCE
    ) -> RetryConfig | None:
        """Return the budget's numbers, of the floor one process's share.

        None while one is missing: nothing is ever repeated on a guess.
        """
        if section.attempts is None or section.budget is None:
            return None
        floor = (section.floor or 0.0) / processes
        return cls(section.attempts, section.budget, floor=floor, mode=mode)
