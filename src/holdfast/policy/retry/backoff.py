"""How long to wait before another attempt."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["full_jitter"]


def full_jitter(retry: int, base: float, cap: float, random: Callable[[], float]) -> float:
    """Return the seconds before retry number `retry` (1, 2 ...), in [0, min(cap, base * 2**(retry - 1))).

    Brooker, "Exponential Backoff And Jitter" (AWS, 2015): of the jitters, the one with the fewest calls.
    """
    # 2**62 is beyond any cap; a float cannot hold 2**1024.
    return random() * min(cap, base * 2.0 ** min(retry - 1, 62))
