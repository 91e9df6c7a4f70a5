"""What follows from the budget: derived numbers, each with its formula, and contradictions.

All of it is for the maximum of replicas and the workers of this machine. Cheap enough to be called at boot;
reads no documents.
"""

from __future__ import annotations

from collections.abc import Mapping

from holdfast.budget.derive import amplification, availability, bulkhead, door, ladder, offload, pool
from holdfast.budget.derive.cores import Cores, granted
from holdfast.budget.derive.ground import Ground
from holdfast.budget.derive.result import Derived, Finding
from holdfast.budget.derive.workers import workers
from holdfast.budget.loaded import Loaded

__all__ = ["Derived", "Finding", "derived", "findings"]

_ROOMS = (door, offload, pool, bulkhead, amplification, ladder, availability)


def derived(
    loaded: Loaded, *, cores: Cores | None = None, running: int | None = None
) -> Mapping[str, Derived]:
    """Return the derived numbers by path.

    Of one worker: "admission.limit", "admission.queue", "admission.late" (s), "offload.processes",
    "offload.queue", "dependency.NAME.pool", "dependency.NAME.bulkhead".
    Of one replica: "service.workers". Of the service: "deadline.cap", "drain.grace" (s),
    "dependency.NAME.longest" (s), "dependency.NAME.amplification" (x), "dependency.NAME.calls" (/s),
    "chain.availability", "error_budget.minutes", "error_budget.requests".
    A number whose inputs are not decided is absent. `cores`: instead of those that this process may use;
    `running`: the workers of this replica, where a server that knows no budget starts them.
    """
    cores = cores or granted()
    first = workers(loaded, cores, running)
    ground = Ground(loaded, int(first.value), cores)
    found = [first, *(number for room in _ROOMS for number in room.derive(ground))]
    return {number.path: number for number in found}


def findings(loaded: Loaded, *, cores: Cores | None = None) -> list[Finding]:
    """Return the contradictions between the numbers, in the order of the derivations."""
    cores = cores or granted()
    ground = Ground(loaded, int(workers(loaded, cores).value), cores)
    return [finding for room in _ROOMS for finding in room.findings(ground)]
