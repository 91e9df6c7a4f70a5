"""TCP Vegas for requests: hold the queue that the latency implies between two small numbers.

Brakmo and Peterson, "TCP Vegas: New Techniques for Congestion Detection and Avoidance" (1994), in the form
of concurrency-limits' `VegasLimit`: of L requests inside, L x (1 - rtt0 / rtt) wait, rtt0 being the latency
of a request that meets nobody. Below alpha there is room, above beta there is not; both grow with log10(L).

rtt0 is the least that was seen in a while, and is measured in passing: nobody is turned away to measure it
(Envoy's `min_concurrency` probe does that). It is forgotten after `_MEMORY`, because a dependency that has
become slower would otherwise look like a queue for ever. Under a load that never ceases the new rtt0 then
holds some of that queue. Where that matters use the adaptive limit.
"""

from __future__ import annotations

import math

from holdfast.policy.admission.limit.bounds import Bounds
from holdfast.policy.admission.limit.least import Least
from holdfast.policy.admission.window import Window

__all__ = ["Vegas"]

_MEMORY = 10.0


class Vegas:
    """Keeps about 3 to 6 x log10(L) requests waiting somewhere inside."""

    __slots__ = ("_bounds", "_least", "_value")

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._least = Least(_MEMORY)
        self._value = float(bounds.start)

    @property
    def value(self) -> int:
        """The number now."""
        return int(self._value)

    def learn(self, window: Window) -> None:
        """Move by a step of log10(L), where the house is at least half full."""
        mean = self._least.mean(window)
        if mean is None or window.in_flight < self._value / 2:
            return
        step = max(1.0, math.log10(self._value))
        waiting = math.ceil(self._value * (1 - self._least.value / mean))
        if waiting <= step:
            moved = self._value + 6 * step  # hardly anybody waits: soon, as in slow start
        elif waiting < 3 * step:
            moved = self._value + step
        elif waiting > 6 * step:
            moved = self._value - step
        else:
            return
        self._value = self._bounds.clamp(moved)
