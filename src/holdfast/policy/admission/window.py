"""What happened at the gate in a short while: what a limit learns from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["WINDOW", "Window"]

WINDOW = 0.1
"""Seconds of a window, as CoDel's interval."""

_LONGEST = 1e6


@dataclass(frozen=True, slots=True)
class Window:
    """The `seconds` up to `at` (monotonic).

    latencies: of what succeeded, from entering to the start of the answer. What was cancelled, streamed or
        refused is not among them, nor is what the client got wrong.
    failed: answers that say that the service or something below it failed. Their latencies are not known:
        to fail fast is not to be fast.
    in_flight: how many were inside, on average over the beats of the window.
    limited: share of the beats in which somebody was turned away or had to wait, 0..1.
    lag: how late the event loop ran, the median over the beats; NaN where nobody measured.
    """

    at: float
    seconds: float
    latencies: Sequence[float]
    failed: int
    in_flight: float
    limited: float
    lag: float

    def plausible(self) -> list[float]:
        """Return the latencies that can be: a clock that jumped must not move a limit."""
        return [latency for latency in self.latencies if 0 <= latency < _LONGEST]

    def mean(self) -> float | None:
        """Return the mean of the plausible latencies, above 0; None where there is none."""
        latencies = self.plausible()
        mean = math.fsum(latencies) / len(latencies) if latencies else 0.0
        return mean if mean > 0 else None
