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
    def calls(self) -> int | None:
        """The number of last calls over which outcomes are counted, instead of `window`."""

    @property
    def failures(self) -> float | None:
        """The share of failures that opens, 0 to 1."""

    @property
    def open(self) -> float | None:
        """Seconds without any call before trials."""

    @property
    def slow(self) -> float | None:
        """Seconds from which on a call is slow."""

    @property
    def slow_share(self) -> float | None:
        """The share of slow calls that opens, 0 to 1."""

    @property
    def ramp(self) -> float | None:
        """Seconds over which it closes."""

    @property
    def ejected(self) -> float | None:
        """The share of hosts that may be left alone at a time, 0 to 1; None: one breaker for all."""

    @property
    def minimum(self) -> int:
        """Outcomes in the window below which it never opens."""

    @property
    def half_open(self) -> int:
        """Trials that decide whether it closes."""


@dataclass(frozen=True, slots=True)
class BreakerConfig:
    """Decided: `window` in seconds, or None and `calls`; `failures`, a ratio; `open` in seconds.

    slow, slow_share: from how many seconds on a call is slow, and from which share of them on it opens. Both
        or neither.
    ramp: seconds over which the share of calls that pass rises after good trials; 0: all pass at once.
    ejected: each host has a breaker of its own, and at most this share of them is open at a time, one at
        least; None: one breaker for all.
    minimum: outcomes in the window below which it never opens; Hystrix requestVolumeThreshold, 20.
    half_open: trials before it closes or opens again, never more of them at a time; Hystrix admits 1.
    lease: seconds after which a trial that never reported comes back; above the longest attempt, or slow
        trials count for nothing. None: as long as `open`.
    buckets: resolution of the window; Hystrix metrics.rollingStats.numBuckets, 10.
    """

    window: float | None
    failures: float
    open: float
    calls: int | None = None
    slow: float | None = None
    slow_share: float | None = None
    ramp: float = 0.0
    ejected: float | None = None
    minimum: int = 20
    half_open: int = 1
    lease: float | None = None
    buckets: int = 10
    mode: Mode = Mode.ENFORCE

    def __post_init__(self) -> None:
        positive(
            window=self.window,
            failures=self.failures,
            open=self.open,
            lease=self.lease,
            slow=self.slow,
            slow_share=self.slow_share,
        )
        at_least(0, ramp=self.ramp, ejected=self.ejected)
        at_least(1, minimum=self.minimum, half_open=self.half_open, calls=self.calls)
        at_least(2, buckets=self.buckets)
        if self.failures > 1:
            raise ValueError(f"failures is a share of the calls, from above 0 to 1, not {self.failures}")
        if self.slow_share is not None and self.slow_share > 1:
            raise ValueError(f"slow_share is a share of the calls, from above 0 to 1, not {self.slow_share}")
        if self.ejected is not None and self.ejected > 1:
            raise ValueError(f"ejected is a share of the hosts, from 0 to 1, not {self.ejected}")
        if (self.window is None) == (self.calls is None):
            raise ValueError("one of window and calls must be given, and not both")
        if (self.slow is None) != (self.slow_share is None):
            raise ValueError("slow and slow_share must be given together")
        if self.calls is not None and self.minimum > self.calls:
            message = f"minimum must be at most calls ({self.calls}), not {self.minimum}: it would never open"
            raise ValueError(message)

    @classmethod
    def from_budget(
        cls, section: BreakerSection, *, attempt: float | None = None, mode: Mode = Mode.ENFORCE
    ) -> BreakerConfig | None:
        """Return the budget's numbers; None while one is missing: then there is nothing to judge by.

        Of `slow` and `slow_share` one alone says nothing, and slow calls do not count.

        `attempt`: the longest that one attempt may take (timeout.total), so that no trial outlives its lease.
        """
        window, calls = section.window, section.calls
        if (window is None and calls is None) or section.failures is None or section.open is None:
            return None
        both = section.slow is not None and section.slow_share is not None
        return cls(
            window,
            section.failures,
            section.open,
            calls=calls,
            slow=section.slow if both else None,
            slow_share=section.slow_share if both else None,
            ramp=section.ramp or 0.0,
            ejected=section.ejected,
            minimum=section.minimum if calls is None else min(section.minimum, calls),
            half_open=section.half_open,
            lease=section.open + (attempt or 0.0),
            mode=mode,
        )
