"""What the time of a stall was spent on: by the loop's thread, by others, by the collector, by nobody."""

from __future__ import annotations

import sys
import time
from typing import NamedTuple

from holdfast.loop.cause import Spent
from holdfast.loop.garbage import Garbage
from holdfast.loop.standstill import Standstill
from holdfast.loop.starvation import RunDelay, parse

__all__ = ["Account"]

_ASKED, _USED, _USED_SURELY = 1 / 3, 1 / 5, 1 / 2
"""Of the time that a thread was neither on a CPU nor waiting for one: see `Account.spent`."""


class Account:
    """Of the loop's thread, whose run delay is `delay`."""

    __slots__ = ("_before", "_delay", "_garbage", "_standstill")

    def __init__(self, delay: RunDelay, garbage: Garbage, standstill: Standstill) -> None:
        self._delay = delay
        self._garbage = garbage
        self._standstill = standstill
        self._before = self._clocks()

    def begin(self) -> None:
        """Count from now on; this is called at every tick."""
        self._before = self._clocks()

    def spent(self, duration: float, locked: int) -> Spent:
        """Return what was counted since `begin`, of `duration` seconds.

        Who waits for the GIL asks for it again at each switch interval, and others must have used it
        meanwhile. Who makes many short calls looks alike, but was seen in them, not at a lock: `locked` is
        negative. Where the system does not tell that, others must have used most of the time.
        """
        before, now = self._before, self._clocks()
        then, here = parse(before.scheduled), parse(now.scheduled)
        on_cpu = here.on_cpu - then.on_cpu
        waited = max(0.0, here.waited - then.waited)
        asked = (here.slices - then.slices) * sys.getswitchinterval()
        others = now.process - before.process - on_cpu
        idle = duration - on_cpu - waited
        used = _USED if self._delay.tells_calls else _USED_SURELY
        waits = idle > 0 and locked >= 0 and asked >= _ASKED * idle and others >= used * idle
        return Spent(
            on_cpu=on_cpu,
            waited=waited,
            gil=idle if waits else 0.0,
            collecting=now.collecting - before.collecting,
            stopped=now.stopped - before.stopped,
        )

    def _clocks(self) -> _Clocks:
        return _Clocks(
            self._delay.raw(), self._garbage.seconds, self._standstill.stopped, time.process_time()
        )


class _Clocks(NamedTuple):
    """Where they stood: the thread's schedstat, and seconds of the others."""

    scheduled: bytes
    collecting: float
    stopped: float
    process: float
