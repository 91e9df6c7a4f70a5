"""The least latency of a while, measured in passing."""

from __future__ import annotations

import math
from collections import deque

from holdfast.policy.admission.window import Window

__all__ = ["Least"]


class Least:
    """`value`: the least mean latency of a window in the last `memory` seconds; inf before the first.

    The mean of a window and not its fastest request: one fast route is no baseline for all others.
    """

    __slots__ = ("_memory", "_seen", "value")

    def __init__(self, memory: float) -> None:
        self._memory = memory
        self._seen: deque[tuple[float, float]] = deque()  # ascending in both: a sliding minimum
        self.value = math.inf

    def mean(self, window: Window) -> float | None:
        """Take notice of a window, and return its mean latency; None where it has none that makes sense."""
        mean = window.mean()
        if mean is None:
            return None
        seen = self._seen
        while seen and seen[-1][1] >= mean:
            seen.pop()
        seen.append((window.at, mean))
        while seen[0][0] < window.at - self._memory:
            seen.popleft()
        self.value = seen[0][1]
        return mean
