"""Whether the process that wrote a pid down is still the one that has it."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["alive", "born"]


def born(pid: int) -> int:
    """Return when `pid` started, in clock ticks since boot; 0 where the kernel does not tell."""
    state, started = _stat(pid)
    return 0 if state == "" else started


def alive(pid: int, started: int = 0) -> bool:
    """Return whether `pid` runs, and started at `started` where that is known (not 0).

    A zombie does not run: its parent has not yet asked how it ended.
    """
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass  # it runs as another user, or the number is none: /proc decides below
    state, now_started = _stat(pid)
    if not state:
        return pid < 1 << 31
    return state not in "ZX" and started in (0, now_started)


def _stat(pid: int) -> tuple[str, int]:
    """Return state letter and start time of `pid`, ("", 0) where /proc does not show it."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (OSError, UnicodeDecodeError):
        return "", 0
    fields = text.rpartition(")")[2].split()  # the name, in parentheses, may hold spaces: proc(5)
    return fields[0], int(fields[19])
