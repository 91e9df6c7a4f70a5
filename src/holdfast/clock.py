"""Time, injected.

Every policy takes `now` in seconds of a monotonic clock. In a service that is `monotonic`; in tests and
simulations it is a `VirtualClock`, so that hours pass in milliseconds and no test sleeps.
"""

from __future__ import annotations

import time
from collections.abc import Callable

Now = Callable[[], float]
"""Seconds of a monotonic clock with an arbitrary origin."""

monotonic: Now = time.monotonic
"""The clock of services: CLOCK_MONOTONIC, one origin for all processes of a machine, so that what a worker
writes to the state board can be compared with what the supervisor reads there. It is also the clock of
asyncio's and uvloop's `loop.time()` (uvloop rounds to milliseconds)."""


class VirtualClock:
    """A clock that moves when told to.

    >>> clock = VirtualClock()
    >>> clock.advance(1.5)
    >>> clock()
    1.5
    """

    __slots__ = ("_now",)

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def __call__(self) -> float:
        """Return the virtual time in seconds."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move forward by `seconds` >= 0; time never runs back."""
        if seconds < 0:
            raise ValueError(f"time does not run back: advance({seconds})")
        self._now += seconds
