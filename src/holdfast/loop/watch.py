"""The stall watch of a loop: a tick on it and a thread beside it, started and stopped together.

It needs nothing of the app: whoever runs the loop starts it, a worker class or `Holdfast(app)`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from holdfast.clock import Now, monotonic
from holdfast.events import StallSeen
from holdfast.loop.detector import StallDetector
from holdfast.loop.dump import LiveDump
from holdfast.loop.lag import LagProbe
from holdfast.loop.watchdog import Watchdog

__all__ = ["StallWatch", "running", "watching"]

# Of the threshold. Shorter measures a stall's start better; an idle process pays about 50 us for each tick.
_PERIOD = 1 / 3

_running: dict[int, list[StallWatch]] = {}
"""Running watches by process: a forked child inherits the entry of its parent, and no thread."""


def running() -> bool:
    """Return whether a stall watch runs in this process, on a loop that nobody has closed under it."""
    watches = _running.get(os.getpid(), ())
    return any(watch.loop is not None and not watch.loop.is_closed() for watch in watches)


def watching(loop: asyncio.AbstractEventLoop) -> StallWatch | None:
    """Return the watch that runs on `loop`, whoever started it; None where there is none."""
    return next((watch for watch in _running.get(os.getpid(), ()) if watch.loop is loop), None)


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
        self.loop: asyncio.AbstractEventLoop | None = None

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
        self.loop = asyncio.get_running_loop()
        self._probe = LagProbe(
            self.loop,
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
        _running.setdefault(self._pid, []).append(self)

    def dump_to(self, path: Path | None) -> None:
        """Have the stack dumped from within C code that holds the GIL for `interim` seconds: into `path`, for
        the supervisor; None: where only the watch itself reads it.

        To be called on the loop's thread, once the watch runs; ends with it. Raises OSError.
        """
        if self._watchdog is not None:
            self._watchdog.dump_to(LiveDump(self._detector.interim, path))

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
        self.loop = None
        _running[self._pid].remove(self)
