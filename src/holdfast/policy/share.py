"""One process's share of a number that the budget states for the whole service."""

from __future__ import annotations

__all__ = ["share"]


def share(total: int, processes: int) -> int:
    """Return `total` over `processes`, rounded down so that the sum never exceeds it, but at least 1.

    With more processes than `total` the sum is `processes`: a process that may do nothing is no process.
    """
    if total < 1 or processes < 1:
        raise ValueError(f"a share needs at least one of each: {total} over {processes} processes")
    return max(1, total // processes)
