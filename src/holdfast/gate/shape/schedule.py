"""The schedule of a run: consecutive phases, and every request of them with its due time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from holdfast.errors import UsageError
from holdfast.gate.shape.arrivals import Arrivals, Nanoseconds, Stretch, constant, poisson, varying
from holdfast.gate.shape.payload import Catalogue

__all__ = ["Indices", "Phase", "Schedule", "Spike", "schedule"]

Indices: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.int32]]"
"""int32[N], positions in a catalogue's payloads."""


class Spike(Protocol):
    """For `lasts` seconds of every `every` the rate is `times` as high."""

    @property
    def times(self) -> float:
        """A factor."""

    @property
    def lasts(self) -> float:
        """Seconds, fewer than `every`."""

    @property
    def every(self) -> float:
        """Seconds from the start of one to that of the next; the first is as far from the phase's start."""


@dataclass(frozen=True, slots=True)
class Phase:
    """One stretch of the schedule: `rate` requests a second for `seconds`; rate 0 is silence.

    `ramp`: within so many seconds the rate gets there in a straight line from that of the phase before, from
    0 in the first.
    """

    name: str
    rate: float
    seconds: float
    arrivals: Arrivals = "poisson"
    ramp: float = 0.0
    spike: Spike | None = None

    def __post_init__(self) -> None:
        """Check the numbers; raises UsageError with the phase's name as place."""
        if not (math.isfinite(self.rate) and self.rate >= 0):
            raise UsageError(f"a rate is a number from 0 up, not {self.rate}", place=f"phase {self.name}")
        if not (math.isfinite(self.seconds) and self.seconds > 0):
            raise UsageError(f"a phase lasts longer than 0 s, not {self.seconds}", place=f"phase {self.name}")

    def mean(self, before: float) -> float:
        """Return its requests a second on average, after a phase at the rate `before`."""
        if not self.ramp and self.spike is None:
            return self.rate
        return sum(each.expected for each in self.stretches(before)) / self.seconds

    def stretches(self, before: float) -> list[Stretch]:
        """Return how the rate goes, after a phase at the rate `before`."""
        ramp = min(self.ramp, self.seconds)
        found = [Stretch(ramp, before, self.rate)] if ramp > 0 else []
        at, spike = ramp, self.spike
        while spike is not None and (begin := _next(spike.every, at)) < self.seconds:
            end = min(begin + spike.lasts, self.seconds)
            high = self.rate * spike.times
            found += [Stretch(begin - at, self.rate, self.rate), Stretch(end - begin, high, high)]
            at = end
        found.append(Stretch(self.seconds - at, self.rate, self.rate))
        return [each for each in found if each.seconds > 0]


def _next(every: float, at: float) -> float:
    """Return the next multiple of `every` from `at` on, the first if `at` is 0."""
    return every * max(1, math.ceil(at / every - 1e-9))


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """What is due when.

    `at`: int64[N], nanoseconds from the start, ascending; `request`: int32[N], positions in the catalogue's
    payloads. `bounds`: int64[P + 1], where the phases begin and end: phase p is [bounds[p], bounds[p + 1]).
    `closes`: bool[N], whose connection is closed after the answer.
    """

    phases: tuple[Phase, ...]
    bounds: Nanoseconds
    at: Nanoseconds
    request: Indices
    closes: np.ndarray[tuple[int], np.dtype[np.bool_]]

    def rates(self) -> list[float]:
        """Return the requests a second of each phase on average, ramps and spikes included."""
        before = [0.0, *(phase.rate for phase in self.phases)]
        return [phase.mean(rate) for phase, rate in zip(self.phases, before, strict=False)]

    def phase_of(self) -> Indices:
        """Return int32[N], the number of the phase in which each request is due."""
        return (np.searchsorted(self.bounds, self.at, side="right") - 1).astype(np.int32)


def schedule(
    phases: Sequence[Phase], requests: Catalogue, *, seed: int, new_connections: float = 0.0
) -> Schedule:
    """Decide the arrivals of all `phases` and which request each is, from `seed` alone.

    The rate of a phase is that of its requests: where arrivals bring several with them (steps that follow),
    they are rarer by as much. `new_connections` is the share of requests that come on a new connection, which
    is the share that leave one closed.
    Each phase has its own random streams: a phase keeps its arrivals when another changes.
    """
    if not phases:
        raise UsageError("a schedule needs at least one phase")
    lengths = [round(phase.seconds * 1e9) for phase in phases]
    bounds = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    at: list[Nanoseconds] = []
    request: list[Indices] = []
    closes: list[np.ndarray[tuple[int], np.dtype[np.bool_]]] = []
    before = 0.0
    for phase, length, begin, stream in zip(
        phases, lengths, bounds, np.random.SeedSequence(seed).spawn(len(phases)), strict=False
    ):
        times, which, leaves = (np.random.default_rng(child) for child in stream.spawn(3))
        arrived = _arrivals(phase, before, length, times, requests.requests)
        at.append(arrived + begin)
        request.append(_drawn(requests, len(arrived), which))
        closes.append(leaves.random(len(arrived)) < new_connections)
        before = phase.rate
    chosen = np.concatenate(request)
    for first, end in requests.in_order:
        turns = np.flatnonzero((chosen >= first) & (chosen < end))
        chosen[turns] = first + np.arange(len(turns), dtype=np.int32) % (end - first)
    return Schedule(tuple(phases), bounds, np.concatenate(at), chosen, np.concatenate(closes))


def _arrivals(
    phase: Phase, before: float, length_ns: int, times: np.random.Generator, requests: float
) -> Nanoseconds:
    """Return when arrivals are due; each brings so many `requests` with it, and the rate is theirs."""
    if phase.ramp > 0 or phase.spike is not None:
        stretches = [
            Stretch(each.seconds, each.first / requests, each.last / requests)
            for each in phase.stretches(before)
        ]
        return varying(stretches, length_ns, phase.arrivals, times)
    rate = phase.rate / requests
    return constant(rate, length_ns) if phase.arrivals == "constant" else poisson(rate, length_ns, times)


def _drawn(requests: Catalogue, count: int, which: np.random.Generator) -> Indices:
    cumulative = np.cumsum(requests.share)
    # Rounding may carry a draw onto the upper edge; it then belongs to the last request that can be drawn.
    last = int(np.flatnonzero(requests.share)[-1])
    drawn = np.searchsorted(cumulative, which.random(count) * cumulative[-1], side="right")
    return np.asarray(np.minimum(drawn, last), dtype=np.int32)
