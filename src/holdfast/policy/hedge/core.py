"""A percentile of the last latencies."""

from __future__ import annotations

from holdfast.policy.hedge.config import HedgeConfig

__all__ = ["Percentile"]


class Percentile:
    """Of the last `config.samples` latencies, sorted anew after each tenth of them that is new.

    Exact, and its cost is spread: sorting two hundred numbers for every twenty calls is well below a
    microsecond a call.
    """

    __slots__ = ("_at", "_config", "_every", "_new", "_ring", "value")

    def __init__(self, config: HedgeConfig) -> None:
        self._config = config
        self._every = config.least
        self._ring: list[float] = []
        self._at = 0  # the oldest, once the ring is full
        self._new = 0
        self.value: float | None = None  # seconds; None: too few latencies are known

    def add(self, seconds: float) -> None:
        """Take in one latency."""
        ring = self._ring
        if len(ring) < self._config.samples:
            ring.append(seconds)
        else:
            ring[self._at] = seconds
            self._at = (self._at + 1) % len(ring)
        self._new += 1
        if self._new >= self._every:
            self._new = 0
            self.value = sorted(ring)[min(len(ring) - 1, int(self._config.percentile * len(ring)))]
