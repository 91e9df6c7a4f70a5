"""When a dependency is left alone, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from holdfast.policy.mode import Mode
from holdfast.policy.require import at_least, positive

__all__ = ["BreakerConfig", "BreakerSection"]


class BreakerSection(Protocol):
    """The budget's [dependency.NAME.breaker]; None where nobody has decided."""

    @property
    def window(self) -> float | None:
        """Seconds over which outcomes are counted."""

    @property
    def failures(self) -> float | None:
        """The share of failures that opens, 0 to 1."""

    @property
    def open(self) -> float | None:
        """Seconds without any call before trials."""

    @property
    def minimum(self) -> int:
        """Outcomes in the window below which it never opens."""

    @property
    def half_open(self) -> int:
        """Trials that decide whether it closes."""


@dataclass(frozen=True, slots=True)
class BreakerConfig:
    """Decided: `window` and `open` in seconds, `failures` as a ratio. The rest is mechanism.

    minimum: outcomes in the window below which it never opens; Hystrix requestVolumeThreshold, 20.
    half_open: trials before it closes or opens again, never more of them at a time; Hystrix admits 1.
    lease: seconds after which a trial that never reported comes back; above the longest attempt, or slow
        trials count for nothing. None: as long as `open`.
    buckets: resolution of the window; Hystrix metrics.rollingStats.numBuckets, 10.
    """

    window: float
    failures: float
    open: float
    minimum: int = 20
    half_open: int = 1
    lease: float | None = None
    buckets: int = 10
    mode: Mode = Mode.ENFORCE

    def __post_init__(self) -> None:
        positive(window=self.window, failures=self.failures, open=self.open, lease=self.lease)
        at_least(1, minimum=self.minimum, half_open=self.half_open)
        at_least(2, buckets=self.buckets)
        if self.failures > 1:
            raise ValueError(f"failures is a share of the calls, from above 0 to 1, not {self.failures}")

    @classmethod
    def from_budget(
        cls, section: BreakerSection, *, attempt: float | None = None, mode: Mode = Mode.ENFORCE
    ) -> BreakerConfig | None:
        """Return the budget's numbers; None while one is missing: then there is nothing to judge by.

        `attempt`: the longest that one attempt may take (timeout.total), so that no trial outlives its lease.
        """
        if section.window is None or section.failures is None or section.open is None:
            return None
        lease = section.open + (attempt or 0.0)
        return cls(
            section.window,
            section.failures,
            section.open,
            minimum=section.minimum,
            half_open=section.half_open,
            lease=lease,
            mode=mode,
        )
