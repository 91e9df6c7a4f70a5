"""What the kernel knows of each worker's process, and of the memory that all of them share.

Read from /proc when somebody asks, by whoever is asked: it costs the workers nothing. Where there is no /proc
(macOS) these families are empty.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from holdfast.telemetry.exposition.family import Family, Kind, Sample
from holdfast.telemetry.exposition.view import View

__all__ = ["FAMILIES"]

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK = os.sysconf("SC_CLK_TCK")
_CGROUP = Path("/sys/fs/cgroup")


def _each(look: Callable[[Path], float]) -> Callable[[View], Iterator[Sample]]:
    def read(view: View) -> Iterator[Sample]:
        for slot in view.living:
            # It may have gone since; what it was then is nobody's any more.
            with suppress(OSError, ValueError, IndexError):
                yield (str(slot.index),), look(Path("/proc", str(slot.pid)))

    return read


def _resident(process: Path) -> float:
    return int((process / "statm").read_text().split()[1]) * _PAGE


def _cpu(process: Path) -> float:
    # After the last bracket: a program's name may hold spaces and brackets itself (proc(5)).
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def _threads(process: Path) -> float:
    return int((process / "stat").read_text().rpartition(")")[2].split()[17])


def _descriptors(process: Path) -> float:
    return sum(1 for _ in (process / "fd").iterdir())


def _headroom(view: View) -> Iterator[Sample]:
    """Yield what is left of the cgroup's memory; nothing where it has no limit."""
    with suppress(OSError, ValueError):
        limit = int((_CGROUP / "memory.max").read_text())  # "max" is no number: no limit
        used = int((_CGROUP / "memory.current").read_text())
        reclaimable = 0
        for line in (_CGROUP / "memory.stat").read_text().splitlines():
            name, _, value = line.partition(" ")
            if name == "inactive_file":  # what the kernel gives back before it kills (as kubelet counts)
                reclaimable = int(value)
        yield (), max(0, limit - (used - reclaimable))


FAMILIES = (
    Family(
        "holdfast_resident_bytes", Kind.GAUGE, ("worker",), "Resident memory of a worker.", _each(_resident)
    ),
    Family(
        "holdfast_cpu_seconds",
        Kind.COUNTER,
        ("worker",),
        "CPU time of a worker's process, user and system; it starts anew with each worker.",
        _each(_cpu),
    ),
    Family("holdfast_process_threads", Kind.GAUGE, ("worker",), "Threads of a worker.", _each(_threads)),
    Family(
        "holdfast_open_descriptors",
        Kind.GAUGE,
        ("worker",),
        "Open file descriptors of a worker, connections among them.",
        _each(_descriptors),
    ),
    Family(
        "holdfast_memory_headroom_bytes",
        Kind.GAUGE,
        (),
        "Memory that the service's cgroup has left, page cache that can be dropped counted as free. Absent "
        "where no limit is set.",
        _headroom,
    ),
)
