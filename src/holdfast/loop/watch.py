"""The stall watch of a loop: a tick on it and a thread beside it, started and stopped together.

It needs nothing of the app: whoever runs the loop starts it, a worker class or `Holdfast(app)`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from holdfast.clock import Now, monotonic
from holdfast.events import StallSeen
from holdfast.loop.detector import StallDetector
from holdfast.loop.lag import LagProbe
from holdfast.loop.watchdog import Watchdog

__all__ = ["StallWatch", "running"]

# Of the threshold. Shorter measures a stall's start better; an idle process pays about 50 us for each tick.
_PERIOD = 1 / 3

_running: dict[int, int] = {}
"""Running watches by process: a forked child inherits the entry of its parent, and no thread."""


def running() -> bool:
    """Return whether a stall watch runs in this process."""
    return _running.get(os.getpid(), 0) > 0


class StallWatch:
    """Watches the loop that `start` is called on; emits a `StallSeen` for each stall above `threshold`.

    `threshold` in seconds; `period` of the tick, by default a third of it; `interim`
    seconds into a stall that lasts it is told for the first time. A stall is measured from when a
    tick was due, so one of less than `threshold + period` may be missed. `in_flight` tells the requests in
    flight on this loop, the one that holds it included; nobody counts those in the socket's backlog.
    `on_beat(now, lag)` is called at each tick: `Slot.beat` fits. `emit` and `in_flight` are called on the
    watchdog's thread.
    """

    def __init__(
        self,
        emit: Callable[[StallSeen], None],
        *,
        threshold: float,
        period: float | None = None,
        interim: float = 1.0,
        in_flight: Callable[[], int] = lambda: 0,
        on_beat: Callable[[float, float], None] | None = None,
        now: Now = monotonic,
    ) -> None:
        self._emit = emit
        self._detector = StallDetector(threshold, interim=interim)
        self._period = threshold * _PERIOD if period is None else period
        self._in_flight = in_flight
        self._on_beat = on_beat
        self._now = now
        self._probe: LagProbe | None = None
        self._watchdog: Watchdog | None = None
        self._pid = 0

    @property
    def lag(self) -> LagProbe | None:
        """The probe with `current` and `peak` lag in seconds; None when the watch does not run."""
        return self._probe

    def running(self) -> bool:
        """Return whether this watch runs, in this process."""
        return self._watchdog is not None and self._pid == os.getpid()

    def start(self) -> None:
        """Begin to watch the running loop; nothing happens when this watch runs already."""
        if self.running():
            return
        self._pid = os.getpid()
        self._probe = LagProbe(
            asyncio.get_running_loop(),
            self._period,
            late_above=self._detector.threshold,
            on_beat=self._on_beat,
            on_tick=self._expect,
            now=self._now,
        )
        self._watchdog = Watchdog(
            self._probe,
            self._detector,
            self._emit,
            in_flight=self._in_flight,
            now=self._now,
        )
        self._probe.start()
        self._watchdog.start()
        _running[self._pid] = _running.get(self._pid, 0) + 1

    def _expect(self, due: float) -> None:
        if self._watchdog is not None:
            self._watchdog.expect(due)

    def stop(self) -> None:
        """End the watch, on the loop's thread; waits for the thread, which takes a moment at most."""
        if not self.running():
            return
        assert self._probe is not None  # noqa: S101 - start has set both
        assert self._watchdog is not None  # noqa: S101
        self._probe.stop()
        self._watchdog.stop()
        self._probe = self._watchdog = None
        _running[self._pid] -= 1
