"""What the kernel knows of a thread: its time on a CPU, its waiting for one, and how often it ran."""

from __future__ import annotations

import os
import platform
from typing import NamedTuple

__all__ = ["RunDelay", "Scheduled"]

_NS = 1e9

_FUTEX = {"x86_64": b"202", "aarch64": b"98"}.get(platform.machine())
"""The number of the system call by which a thread waits for a lock, the GIL among them."""


class Scheduled(NamedTuple):
    """Since the thread began: seconds on a CPU, seconds of waiting for one, times that it was put on one."""

    on_cpu: float = 0.0
    waited: float = 0.0
    slices: int = 0


class RunDelay:
    """Reads a thread's schedstat from /proc (sched-stats.rst in the kernel's documentation).

    What it waited includes the time that a cgroup's quota held the thread back, and not what a hypervisor
    took away. `known`: whether the system tells.
    """

    __slots__ = ("_fd", "_syscall")

    def __init__(self, native_id: int) -> None:
        """Watch the thread `native_id` of this process; without the file (not Linux) all reads are zeros."""
        self._fd = _opened(f"/proc/self/task/{native_id}/schedstat")
        self._syscall = _opened(f"/proc/self/task/{native_id}/syscall") if _FUTEX else None

    @property
    def known(self) -> bool:
        """Whether the system tells."""
        return self._fd is not None

    def raw(self) -> bytes:
        """Return what the kernel says, to be parsed when it is wanted: this is called at every tick."""
        if self._fd is None:
            return b""
        try:
            return os.pread(self._fd, 128, 0)
        except OSError:
            return b""

    def read(self) -> Scheduled:
        """Return the account of the thread; zeros where that is not known."""
        return parse(self.raw())

    @property
    def tells_calls(self) -> bool:
        """Whether the system tells in which call a thread is."""
        return self._syscall is not None

    def locked(self) -> bool | None:
        """Return whether the thread waits for a lock or the GIL now; None: it runs, or that is not known."""
        if self._syscall is None:
            return None
        try:
            call = os.pread(self._syscall, 64, 0).split(b" ", 1)[0]
        except OSError:
            return None
        return None if call.startswith(b"running") else call == _FUTEX

    def close(self) -> None:
        """Close the files."""
        for fd in (self._fd, self._syscall):
            if fd is not None:
                os.close(fd)
        self._fd = self._syscall = None


def _opened(path: str) -> int | None:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None


def parse(raw: bytes) -> Scheduled:
    """Return what a schedstat says."""
    try:
        on_cpu, waited, slices = raw.split()
        return Scheduled(int(on_cpu) / _NS, int(waited) / _NS, int(slices))
    except ValueError:
        return Scheduled()
