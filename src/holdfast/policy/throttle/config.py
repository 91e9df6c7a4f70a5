"""How much more is asked of a dependency than it accepts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from holdfast.policy.mode import Mode
from holdfast.policy.require import at_least, positive

__all__ = ["ThrottleConfig", "ThrottleSection"]


class ThrottleSection(Protocol):
    """The budget's [dependency.NAME.throttle]."""

    @property
    def factor(self) -> float:
        """Calls made for each one that is accepted."""

    @property
    def window(self) -> float:
        """Seconds over which both are counted."""

    @property
    def most(self) -> float:
        """The largest share that is refused here, 0 to 1."""


@dataclass(frozen=True, slots=True)
class ThrottleConfig:
    """All of it is mechanism.

    factor: K of the Google SRE Book's "Handling Overload": 2, so that as many calls are refused there as are
        accepted, and the other side's state is learned soon.
    window: seconds; Envoy's admission control, sampling_window, 30 s. The book's two minutes
        recover as slowly.
    most: never refuse more than this share, or nobody would learn that there is room again; Envoy's admission
        control, max_rejection_probability, 80%.
    buckets: resolution of the window.
    """

    factor: float = 2.0
    window: float = 30.0
    most: float = 0.8
    buckets: int = 10
    mode: Mode = Mode.ENFORCE

    def __post_init__(self) -> None:
        positive(window=self.window)
        at_least(1, factor=self.factor)
        at_least(0, most=self.most)
        at_least(2, buckets=self.buckets)
        if self.most >= 1:
            raise ValueError(f"most is a share of the calls below 1, not {self.most}: nothing would recover")

    @classmethod
    def from_budget(cls, section: ThrottleSection, *, mode: Mode = Mode.ENFORCE) -> ThrottleConfig:
        """Return the budget's numbers."""
        return cls(section.factor, section.window, section.most, mode=mode)
