"""The CPU cores that this process may really use.

`os.cpu_count()` counts the machine's. A container is held to a quota by its cgroup (v2: cpu.max; v1:
cpu.cfs_quota_us over cpu.cfs_period_us, of the cgroup itself and of each above it), and a process to a set of
cores by its affinity. The least of them holds.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Cores", "granted"]


@dataclass(frozen=True, slots=True)
class Cores:
    """How many cores, possibly a fraction, and what limits them ("affinity", "cgroup cpu.max")."""

    count: float
    limit: str


def granted(root: Path = Path("/"), *, affinity: int | None = None) -> Cores:
    """Return the cores granted to this process; `root` is the file system to look at, for tests."""
    if affinity is None:
        affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limits = [Cores(float(affinity), "affinity"), *_quotas(root)]
    return min(limits, key=lambda cores: cores.count)


def _quotas(root: Path) -> Iterator[Cores]:
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            yield from _unified(root / "sys/fs/cgroup", path)
        elif "cpu" in controllers.split(","):
            for name in (controllers, "cpu"):
                yield from _legacy(root / "sys/fs/cgroup" / name, path)


def _unified(mount: Path, path: str) -> Iterator[Cores]:
    for folder in _upwards(mount, path):
        quota, _, period = _read(folder / "cpu.max").partition(" ")
        if quota.isdecimal() and period.strip().isdecimal():
            yield Cores(int(quota) / int(period), "cgroup cpu.max")


def _legacy(mount: Path, path: str) -> Iterator[Cores]:
    for folder in _upwards(mount, path):
        quota, period = (
            _read(folder / "cpu.cfs_quota_us").strip(),
            _read(folder / "cpu.cfs_period_us").strip(),
        )
        if quota.isdecimal() and period.isdecimal():
            yield Cores(int(quota) / int(period), "cgroup cpu.cfs_quota_us")


def _upwards(mount: Path, path: str) -> Iterator[Path]:
    """Yield the cgroup's folder and those above it; inside a container only the mount itself may be there."""
    folder = mount / path.strip("/")
    while folder != mount:
        yield folder
        folder = folder.parent
    yield mount


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return ""
