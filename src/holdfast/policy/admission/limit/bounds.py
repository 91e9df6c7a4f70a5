"""Where a limit that learns starts, and between which numbers it stays."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.policy.require import at_least

__all__ = ["Bounds"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """`start` within `least`..`most`, all requests of one process.

    start: 20, as concurrency-limits' `initialLimit`, where nothing is known.
    least: 3, as Envoy's `min_concurrency`: below it, two requests that happen to meet are an overload.
    most: far above what one event loop can hold in time; a bound for arithmetic gone wrong.
    """

    start: int = 20
    least: int = 3
    most: int = 10_000

    def __post_init__(self) -> None:
        at_least(1, least=self.least)
        if not self.least <= self.start <= self.most:
            raise ValueError(f"start must be from {self.least} to {self.most}, not {self.start}")

    def clamp(self, value: float) -> float:
        """Return `value` within the bounds; NaN becomes `least`."""
        return float(self.most) if value > self.most else value if value > self.least else float(self.least)
