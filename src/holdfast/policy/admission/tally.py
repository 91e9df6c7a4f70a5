"""What is seen at the gate in a window, until the window is made of it."""

from __future__ import annotations

import math
import statistics

from holdfast.policy.admission.window import Window

__all__ = ["Tally"]


class Tally:
    """Of the window that began at `since`, NaN before the first.

    `latencies`: seconds, of answers that succeeded; `failed`: how many did not; `admitted`: how many were let
    in from the line. The gate adds to them itself, without a call: they are on the hot path.
    """

    __slots__ = ("_fulls", "_inside", "_lags", "admitted", "failed", "latencies", "since")

    def __init__(self) -> None:
        self._lags: list[float] = []
        self.begin(math.nan)

    def begin(self, now: float) -> None:
        """Begin a window with nothing in it."""
        self.since = now
        self.latencies: list[float] = []  # a new one: whoever learns may keep the old
        self.failed = self.admitted = 0
        self._lags.clear()
        self._inside = self._fulls = 0

    def beat(self, lag: float, inside: int, *, full: bool) -> None:
        """Note a beat: how late the loop is, how many are inside, whether somebody was turned away."""
        self._lags.append(lag)
        self._inside += inside
        self._fulls += full

    def window(self, now: float, inside: int) -> Window:
        """Return the window that ends now; `inside` are being worked on, where nobody beat."""
        beats = len(self._lags)
        seconds = now - self.since
        return Window(
            at=now,
            seconds=seconds if seconds > 0 else 0.0,
            latencies=self.latencies,
            failed=self.failed,
            in_flight=self._inside / beats if beats else inside,
            limited=self._fulls / beats if beats else 0.0,
            lag=statistics.median(self._lags) if beats else math.nan,
        )
