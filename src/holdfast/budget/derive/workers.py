"""Workers: one for each whole core.

An event loop uses one core. More workers than cores only take turns; a part of a core makes every worker wait
for the quota at the same time. So the number is rounded down, and is at least 1.
"""

from __future__ import annotations

from holdfast.budget.derive.cores import Cores
from holdfast.budget.derive.result import Derived
from holdfast.budget.loaded import Loaded
from holdfast.budget.units import format_factor

__all__ = ["workers"]


def workers(loaded: Loaded, cores: Cores, running: int | None = None) -> Derived:
    """Return the worker processes of one replica; `running`: how many somebody else has decided to start."""
    if (decided := loaded.budget.service.workers) is not None:
        return Derived("service.workers", decided, "workers", "as written", {}, written=True)
    if running is not None:
        return Derived("service.workers", running, "workers", "as the server starts them", {})
    count = max(1, int(cores.count))
    granted = f"{cores.count:g}" if cores.count < 1 else format_factor(round(cores.count, 2))
    return Derived(
        "service.workers",
        count,
        "workers",
        f"one for each whole core: floor({granted} cores), at least 1 = {count}",
        {"cores": f"{granted}, by {cores.limit}"},
    )
