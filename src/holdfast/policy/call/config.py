"""The policies of one dependency, together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from holdfast.policy.breaker.config import BreakerConfig, BreakerSection
from holdfast.policy.bulkhead.config import BulkheadConfig
from holdfast.policy.hedge.config import HedgeConfig, HedgeSection
from holdfast.policy.mode import Mode
from holdfast.policy.require import positive
from holdfast.policy.retry.config import RetryConfig, RetrySection
from holdfast.policy.throttle.config import ThrottleConfig, ThrottleSection

__all__ = ["CallConfig", "DependencySection", "TimeoutSection"]


class TimeoutSection(Protocol):
    """The budget's [dependency.NAME.timeout], in seconds; None where nobody has decided."""

    @property
    def connect(self) -> float | None:
        """To connect."""

    @property
    def total(self) -> float | None:
        """For one attempt in all."""


class DependencySection(Protocol):
    """The budget's [dependency.NAME], as far as a call needs it."""

    @property
    def mode(self) -> str:
        """How far its policies go: "enforce", "observe" or "off"."""

    @property
    def timeout(self) -> TimeoutSection:
        """How long an attempt may take."""

    @property
    def breaker(self) -> BreakerSection:
        """When calls are no longer tried."""

    @property
    def retry(self) -> RetrySection:
        """How often a failed call is repeated."""

    @property
    def hedge(self) -> HedgeSection:
        """When a second attempt is made beside the first."""

    @property
    def throttle(self) -> ThrottleSection:
        """How far it is spared when it refuses calls."""

    @property
    def bulkhead(self) -> int | None:
        """Calls in flight, over the whole service."""

    @property
    def fallback(self) -> str | None:
        """What a user gets when it cannot be used."""


@dataclass(frozen=True, slots=True)
class CallConfig:
    """What surrounds a call to `dependency`. A policy that is None has no numbers, and is absent.

    `timeout`: seconds that one attempt may take in all; `timeout_mode` says whether it is enforced. All
    attempts together have the ambient deadline. `refuse`: a failed answer that could be passed on (a 502,
    say) is raised as CallFailed instead, as the budget's `fallback` decides. `missing`: dotted names of the
    decisions that nobody has taken, below the dependency, e.g. "breaker.window": those policies are absent
    or observe.
    """

    dependency: str
    timeout: float | None = None
    timeout_mode: Mode = Mode.ENFORCE
    breaker: BreakerConfig | None = None
    bulkhead: BulkheadConfig | None = None
    retry: RetryConfig | None = None
    hedge: HedgeConfig | None = None
    throttle: ThrottleConfig | None = None
    refuse: bool = False
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        positive(timeout=self.timeout)
        if self.hedge is not None and self.retry is None:
            raise ValueError(f"{self.dependency}: a hedge is charged to the retry budget, and there is none")
        lease = None if self.breaker is None else self.breaker.lease
        if lease is not None and self.timeout is not None and lease <= self.timeout:
            raise ValueError(
                f"{self.dependency}: a half-open trial comes back after {lease} s, before an attempt may end "
                f"({self.timeout} s): slow trials would count for nothing"
            )

    @classmethod
    def from_budget(
        cls, dependency: str, section: DependencySection, *, processes: int = 1, mode: Mode | None = None
    ) -> CallConfig:
        """Return the policies that have numbers; `processes`: workers x replicas that share them.

        `mode`: instead of the section's.
        """
        mode = Mode(section.mode) if mode is None else mode
        total = section.timeout.total
        decided = {
            "timeout.connect": section.timeout.connect,
            "timeout.total": total,
            "breaker.window": section.breaker.window or section.breaker.calls,
            "breaker.failures": section.breaker.failures,
            "breaker.open": section.breaker.open,
            "bulkhead": section.bulkhead,
            "retry.attempts": section.retry.attempts,
            "retry.budget": section.retry.budget,
            "fallback": section.fallback,
        }
        retry = RetryConfig.from_budget(section.retry, processes=processes, mode=mode)
        breaker = section.breaker
        if (breaker.slow is None) != (breaker.slow_share is None):
            decided |= {"breaker.slow": breaker.slow, "breaker.slow_share": breaker.slow_share}
        return cls(
            dependency,
            timeout=total,
            timeout_mode=mode,
            breaker=BreakerConfig.from_budget(section.breaker, attempt=total, mode=mode),
            bulkhead=BulkheadConfig.from_budget(section.bulkhead, processes=processes, mode=mode),
            retry=retry,
            # What hedges is charged to the retry budget: without one, nothing does.
            hedge=None if retry is None else HedgeConfig.from_budget(section.hedge),
            throttle=None if mode is Mode.OFF else ThrottleConfig.from_budget(section.throttle, mode=mode),
            refuse=section.fallback is not None and mode is Mode.ENFORCE,
            missing=tuple(name for name, number in decided.items() if number is None),
        )
