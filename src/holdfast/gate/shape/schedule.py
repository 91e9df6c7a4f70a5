"""The schedule of a run: consecutive phases, and every request of them with its due time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from holdfast.errors import UsageError
from holdfast.gate.shape.arrivals import Arrivals, Nanoseconds, constant, poisson
from holdfast.gate.shape.payload import Catalogue

__all__ = ["Indices", "Phase", "Schedule", "schedule"]

Indices: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.int32]]"
"""int32[N], positions in a catalogue's payloads."""


@dataclass(frozen=True, slots=True)
class Phase:
    """One stretch of the schedule: `rate` requests a second for `seconds`; rate 0 is silence."""

    name: str
    rate: float
    seconds: float
    arrivals: Arrivals = "poisson"

    def __post_init__(self) -> None:
        """Check the numbers; raises UsageError with the phase's name as place."""
        if not (math.isfinite(self.rate) and self.rate >= 0):
            raise UsageError(f"a rate is a number from 0 up, not {self.rate}", place=f"phase {self.name}")
        if not (math.isfinite(self.seconds) and self.seconds > 0):
            raise UsageError(f"a phase lasts longer than 0 s, not {self.seconds}", place=f"phase {self.name}")


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """What is due when.

    `at`: int64[N], nanoseconds from the start, ascending; `request`: int32[N], positions in the catalogue's
    payloads. `bounds`: int64[P + 1], where the phases begin and end: phase p is [bounds[p], bounds[p + 1]).
    """

    phases: tuple[Phase, ...]
    bounds: Nanoseconds
    at: Nanoseconds
    request: Indices

    def phase_of(self) -> Indices:
        """Return int32[N], the number of the phase in which each request is due."""
        return (np.searchsorted(self.bounds, self.at, side="right") - 1).astype(np.int32)


def schedule(phases: Sequence[Phase], requests: Catalogue, *, seed: int) -> Schedule:
    """Decide the arrivals of all `phases` and which request each is, from `seed` alone.

    Each phase has its own random streams: a phase keeps its arrivals when another changes.
    """
    if not phases:
        raise UsageError("a schedule needs at least one phase")
    lengths = [round(phase.seconds * 1e9) for phase in phases]
    bounds = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    at: list[Nanoseconds] = []
    request: list[Indices] = []
    cumulative = np.cumsum(requests.share)
    # Rounding may carry a draw onto the upper edge; it then belongs to the last request that can be drawn.
    last = int(np.flatnonzero(requests.share)[-1])
    streams = np.random.SeedSequence(seed).spawn(len(phases))
    for phase, length, begin, stream in zip(phases, lengths, bounds, streams, strict=False):
        times, which = (np.random.default_rng(child) for child in stream.spawn(2))
        arrived = (
            constant(phase.rate, length)
            if phase.arrivals == "constant"
            else poisson(phase.rate, length, times)
        )
        at.append(arrived + begin)
        drawn = np.searchsorted(cumulative, which.random(len(arrived)) * cumulative[-1], side="right")
        request.append(np.minimum(drawn, last).astype(np.int32))
    return Schedule(tuple(phases), bounds, np.concatenate(at), np.concatenate(request))
