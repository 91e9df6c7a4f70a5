"""What follows from the budget: derived numbers, each with its formula, and contradictions.

All of it is for the maximum of replicas and the workers of this machine. Cheap enough to be called at boot;
reads no documents.
"""

from __future__ import annotations

from collections.abc import Mapping

from holdfast.budget.derive import amplification, availability, bulkhead, door, ladder, pool
from holdfast.budget.derive.cores import Cores, granted
from holdfast.budget.derive.ground import Ground
from holdfast.budget.derive.result import Derived, Finding
from holdfast.budget.derive.workers import workers
from holdfast.budget.loaded import Loaded

__all__ = ["Derived", "Finding", "derived", "findings"]

_ROOMS = (door, pool, bulkhead, amplification, ladder, availability)


def derived(loaded: Loaded, *, cores: Cores | None = None) -> Mapping[str, Derived]:
    """Return the derived numbers by path.

    Of one worker: "admission.limit", "admission.queue", "dependency.NAME.pool", "dependency.NAME.bulkhead".
    Of one replica: "service.workers". Of the service: "deadline.cap", "drain.grace" (s),
    "dependency.NAME.longest" (s), "dependency.NAME.amplification" (x), "dependency.NAME.calls" (/s),
    "chain.availability", "error_budget.minutes", "error_budget.requests".
    A number whose inputs are not decided is absent. `cores`: instead of those that this process may use.
    """
    first = workers(loaded, cores or granted())
    ground = Ground(loaded, int(first.value))
    found = [first, *(number for room in _ROOMS for number in room.derive(ground))]
    return {number.path: number for number in found}


def findings(loaded: Loaded, *, cores: Cores | None = None) -> list[Finding]:
    """Return the contradictions between the numbers, in the order of the derivations."""
    ground = Ground(loaded, int(workers(loaded, cores or granted()).value))
    return [finding for room in _ROOMS for finding in room.findings(ground)]
