"""The gradient of latency: what it was in the long run over what it is now.

concurrency-limits' `Gradient2Limit`: L = 0.8 L + 0.2 (L x g + queue), g = clamp(1.5 x long / short, 0.5, 1),
queue the square root of L, nothing while less than half of L is in use. The long run is an exponential
mean over about 600 windows there; here it is over `_LONG` seconds, and it follows at once when latency
falls: nobody is turned away to measure it.

A standing queue ends up in the long run itself. Where that matters use the adaptive limit.
"""

from __future__ import annotations

import math

from holdfast.policy.admission.limit.bounds import Bounds
from holdfast.policy.admission.window import Window

__all__ = ["Gradient"]

_LONG = 60.0
_TOLERANCE = 1.5
_SMOOTHING = 0.2


class Gradient:
    """Shrinks when latency rises above one and a half times its long run."""

    __slots__ = ("_bounds", "_long", "_value")

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._long = math.nan
        self._value = float(bounds.start)

    @property
    def value(self) -> int:
        """The number now."""
        return int(self._value)

    def learn(self, window: Window) -> None:
        """Move a fifth of the way to where the gradient points."""
        short = window.mean()
        if short is None:
            return
        share = min(1.0, max(0.0, window.seconds) / _LONG)
        if not self._long < short:  # also while it is NaN
            self._long = short
        else:
            self._long += (short - self._long) * share
        if window.in_flight < self._value / 2:
            return
        gradient = min(1.0, max(0.5, _TOLERANCE * self._long / short))
        wanted = self._value * gradient + math.sqrt(self._value)
        self._value = self._bounds.clamp(self._value + _SMOOTHING * (wanted - self._value))
