"""CPU time of a running service, to the nanosecond, the threads and workers that it has now."""

from __future__ import annotations

import time
from collections.abc import Collection

from holdfast.gate.fault.proof import process_tree

__all__ = ["CpuClock"]

_SCHED = 2
"""CPUCLOCK_SCHED of a process, linux/posix-timers.h: user and system time as the scheduler counts it."""


class CpuClock:
    """Reads the CPU seconds that the processes of a service have used; Linux only.

    Raises NotMeasured elsewhere. A process that was replaced took its time along: `read` is then None.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._pids: Collection[int] = process_tree(pid)

    def read(self) -> float | None:
        """Return the seconds used so far by the processes there were at construction, None if one is gone."""
        try:
            return sum(time.clock_gettime(_clock_of(pid)) for pid in self._pids)
        except OSError:
            return None

    def again(self) -> None:
        """Look for the processes anew."""
        self._pids = process_tree(self._pid)


def _clock_of(pid: int) -> int:
    """Return the clock of another process, as clock_getcpuclockid(3) does."""
    return (~pid << 3) | _SCHED
