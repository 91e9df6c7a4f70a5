"""How long a thread has waited for a CPU although it could have run."""

from __future__ import annotations

import os

__all__ = ["RunDelay"]

_NS = 1e9


class RunDelay:
    """Reads a thread's run delay from /proc (sched-stats.rst in the kernel's documentation).

    It includes the time that a cgroup's quota held the thread back, and not what a hypervisor took away.
    """

    __slots__ = ("_fd",)

    def __init__(self, native_id: int) -> None:
        """Watch the thread `native_id` of this process; without the file (not Linux) every read is 0."""
        try:
            path = f"/proc/self/task/{native_id}/schedstat"
            self._fd: int | None = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._fd = None

    def read(self) -> float:
        """Return the seconds that the thread has waited since it began; 0 where that is not known."""
        if self._fd is None:
            return 0.0
        try:
            return int(os.pread(self._fd, 128, 0).split()[1]) / _NS
        except (OSError, IndexError, ValueError):
            return 0.0

    def close(self) -> None:
        """Close the file."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
