"""Replacing the workers while the service serves: one at a time, and the new one before the old one.

    idle --asked--> growing --another worker serves--> shrinking --an old one has gone--> idle, or growing

`growing`: the master was asked for one worker more. `shrinking`: it was asked for one less, and takes the
oldest. So there is never more than one worker beyond the usual number, nor fewer than that. A replacement
that cannot boot is tried again by its master, and the old workers go on serving: a roll has no deadline.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from holdfast.serve.supervisor.actions import Fewer, More, Observation, Rolled, RollingAction, WorkerSeen

__all__ = ["Rolling", "RollingPhase"]

Identity = tuple[int, float]
"""A pid and when it claimed its slot: pids come back."""


class RollingPhase(StrEnum):
    """Where a roll is."""

    IDLE = "idle"
    GROWING = "growing"
    SHRINKING = "shrinking"


class Rolling:
    """The machine; `now` is in seconds of a monotonic clock."""

    __slots__ = ("_before", "_count", "_old", "_since", "phase")

    def __init__(self) -> None:
        self.phase = RollingPhase.IDLE
        self._old: set[Identity] = set()
        self._before: set[Identity] = set()
        self._count = 0
        self._since = 0.0

    @property
    def since(self) -> float:
        """When the present phase began."""
        return self._since

    def ask(self, seen: Observation) -> None:
        """Have every worker that is there now replaced, those that boot too: they may run old code."""
        self._old |= {_identity(worker) for worker in seen.workers}

    def due(self, pids: set[int], seen: Observation) -> None:
        """Have these workers replaced, and with each at most those that are older."""
        self._old |= {_identity(worker) for worker in seen.workers if worker.pid in pids}

    def decide(self, now: float, seen: Observation) -> Iterator[RollingAction]:
        """Look, and yield what to do."""
        present = {_identity(worker) for worker in seen.workers}
        self._old &= present
        if self.phase is RollingPhase.IDLE and self._old:
            yield self._grow(now, present)
        elif self.phase is RollingPhase.GROWING:
            if any(w.state == "serving" and _identity(w) not in self._before for w in seen.workers):
                self._enter(RollingPhase.SHRINKING, now)
                self._before = present
                yield Fewer()
        elif self.phase is RollingPhase.SHRINKING and self._before - present:
            self._count += 1
            if self._old:
                yield self._grow(now, present)
            else:
                self._enter(RollingPhase.IDLE, now)
                count, self._count = self._count, 0
                yield Rolled(count)

    def _grow(self, now: float, present: set[Identity]) -> RollingAction:
        self._enter(RollingPhase.GROWING, now)
        self._before = present
        return More()

    def _enter(self, phase: RollingPhase, now: float) -> None:
        self.phase = phase
        self._since = now


def _identity(worker: WorkerSeen) -> Identity:
    return worker.pid, worker.booted_at
