"""Which cores the service gets, and which the gate: a generator on the service's core measures itself."""

from __future__ import annotations

import os
from dataclasses import dataclass

__all__ = ["Cores", "divide"]


@dataclass(frozen=True, slots=True)
class Cores:
    """CPU numbers; `service` and `gate` are the same single core where there is only one."""

    service: frozenset[int]
    gate: frozenset[int]

    @property
    def shared(self) -> bool:
        """Whether service and gate compete for a core: then latencies are not the service's alone."""
        return bool(self.service & self.gate)


def divide() -> Cores:
    """Give the gate the last core of this process's affinity and the service the others."""
    granted = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    if len(granted) == 1:
        return Cores(frozenset(granted), frozenset(granted))
    return Cores(frozenset(granted[:-1]), frozenset(granted[-1:]))
