"""Latencies between the percentiles that a result has."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

__all__ = ["Curve"]

Point = tuple[float, float]


class Curve:
    """Made of latencies in seconds by the share of answers within them: {0.5: 0.02, 0.99: 0.4}.

    Between two of them the logarithm of the latency grows linearly with that of one in how many takes longer.
    That is exact for tails that fall like a power; over the short ways from p90 to p95 and p99 others differ
    little from it. Below the first nothing is known, and nothing beyond the last.
    """

    def __init__(self, percentiles: Mapping[float, float]) -> None:
        self._points: Sequence[Point] = [
            (-math.log(1 - share), math.log(max(latency, 1e-9)))
            for share, latency in sorted(percentiles.items())
        ]

    @property
    def least(self) -> float:
        """The first latency, in seconds."""
        return math.exp(self._points[0][1])

    def within(self, latency: float) -> float:
        """Return the share within `latency` seconds; 0 where that is below the first that is known."""
        wanted = math.log(max(latency, 1e-9))
        if wanted < self._points[0][1]:
            return 0.0
        for (before, low), (after, high) in pairwise(self._points):
            if low <= wanted < high:
                return _share(before + (after - before) * (wanted - low) / (high - low))
        return _share(self._points[-1][0])


def _share(rarity: float) -> float:
    return 1 - math.exp(-rarity)
