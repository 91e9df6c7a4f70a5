"""Additive increase, multiplicative decrease: TCP's oldest answer, on latency instead of loss.

Chiu and Jain, "Analysis of the Increase and Decrease Algorithms for Congestion Avoidance" (1989);
concurrency-limits has it as `AIMDLimit`: one more while all is well and the house is at least half full, a
tenth less when an answer was too late or failed.
"""

from __future__ import annotations

from holdfast.policy.admission.limit.bounds import Bounds
from holdfast.policy.admission.window import Window
from holdfast.policy.require import positive

__all__ = ["Aimd"]

_LESS = 0.9
"""concurrency-limits' `backoffRatio`."""


class Aimd:
    """`late`: the latency in seconds that is too much. A window is too late when its 90th percentile is."""

    __slots__ = ("_bounds", "_late", "_value")

    def __init__(self, late: float, bounds: Bounds) -> None:
        positive(late=late)
        self._late = late
        self._bounds = bounds
        self._value = float(bounds.start)

    @property
    def value(self) -> int:
        """The number now."""
        return int(self._value)

    def learn(self, window: Window) -> None:
        """One more or a tenth less."""
        ordered = sorted(window.plausible())
        done = len(ordered)
        if not done and not window.failed:
            return
        late = bool(done) and ordered[done * 9 // 10] > self._late
        if late or window.failed > done:
            self._value = self._bounds.clamp(self._value * _LESS)
        elif window.in_flight >= self._value / 2:
            self._value = self._bounds.clamp(self._value + 1)
