"""What a run offers the service: the derived phases, or a recording."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from holdfast.budget import Loaded
from holdfast.gate.conduct.load import requests_of
from holdfast.gate.result import Scale
from holdfast.gate.scenario import WARM_UP, PlannedPhase, derive
from holdfast.gate.shape import Catalogue, Phase, Schedule, catalogue, schedule
from holdfast.gate.traffic import recording
from holdfast.gate.traffic.replay import replay_of

__all__ = ["Derived", "Offer", "Recorded", "Replay"]


@dataclass(frozen=True, slots=True)
class Replay:
    """A recording to drive, `speed` times as fast as it was."""

    path: Path
    speed: float = 1.0


class Offer(Protocol):
    """Made before anything is started; what cannot be offered is an error then."""

    requests: Catalogue
    notes: Sequence[str]

    def scaled(self, scale: Scale) -> Scale:
        """Return the scale at which it drives, given that of the budget's peak."""

    def load(self, scale: Scale, proxied: Sequence[str]) -> tuple[list[PlannedPhase], Schedule]:
        """Return the phases and what is due in them; `proxied` names what can be broken."""


class Derived:
    """The default scenario, at the budget's peak."""

    def __init__(
        self, loaded: Loaded, seed: int, port: int, environ: Mapping[str, str], faults: Collection[str]
    ) -> None:
        self._loaded = loaded
        self._seed = seed
        self._faults = faults
        self.requests = requests_of(loaded, seed, port, environ)
        self.notes: Sequence[str] = ()

    def scaled(self, scale: Scale) -> Scale:
        """Return it as it is."""
        return scale

    def load(self, scale: Scale, proxied: Sequence[str]) -> tuple[list[PlannedPhase], Schedule]:
        """Derive the phases and draw their arrivals."""
        planned = derive(self._loaded.budget, scale.driven, proxied, self._faults)
        traffic = self._loaded.budget.traffic
        stretches = [
            Phase(
                phase.name,
                phase.rate,
                phase.seconds,
                traffic.arrivals,
                ramp=traffic.ramp or 0.0,
                spike=traffic.spike if phase.kind == "steady" else None,
            )
            for phase in planned
        ]
        new = traffic.new_connections or 0.0
        due = schedule(stretches, self.requests, seed=self._seed, new_connections=new)
        # What is told of a phase is what it has on average, ramps and spikes included.
        return [replace(phase, rate=rate) for phase, rate in zip(planned, due.rates(), strict=True)], due


class Recorded:
    """A recording with its own times, behind a warm-up of its requests."""

    def __init__(
        self, loaded: Loaded, replay: Replay, seed: int, port: int, environ: Mapping[str, str]
    ) -> None:
        self._seed = seed
        self._replay = replay
        taken = recording(replay.path)
        place = str(replay.path)
        found = replay_of(
            taken.requests, loaded.budget.traffic.request, speed=replay.speed, seed=seed, place=place
        )
        made = catalogue(
            found.specs,
            authority=f"127.0.0.1:{port}",
            seed=seed,
            base=loaded.folder,
            place=lambda _: place,
            environ=environ,
        )
        edges = np.array([*made.starts, len(made.payloads)])
        named = np.repeat(np.arange(len(found.names)), np.diff(edges))
        payloads = [replace(one, name=found.names[n]) for one, n in zip(made.payloads, named, strict=True)]
        share = np.bincount(found.which, minlength=len(found.specs)) / np.diff(edges)
        share = np.repeat(share, np.diff(edges))
        self.requests = replace(made, payloads=tuple(payloads), share=share / share.sum())
        self.notes: Sequence[str] = found.notes
        self._at = found.at
        rng = np.random.default_rng([seed, 1])
        self._request = edges[found.which] + rng.integers(0, np.diff(edges)[found.which])
        self._seconds = max(1.0, math.ceil(float(found.at[-1]) * 1e3 + 1) / 1e3)

    def scaled(self, scale: Scale) -> Scale:
        """Return the scale of the recording: all of it goes to one replica."""
        driven = len(self._at) / self._seconds
        faster = "" if self._replay.speed == 1 else f", {self._replay.speed:g} times as fast"
        where = scale.statement.partition(", at ")[0]
        statement = (
            f"{where}, at all of {self._replay.path.name}{faster}: {driven:.3g} requests/s on average, "
            f"{driven / scale.peak:.0%} of the peak of {scale.peak:g}/s"
        )
        return replace(scale, driven=driven, share=driven / scale.peak, statement=statement)

    def load(self, scale: Scale, proxied: Sequence[str]) -> tuple[list[PlannedPhase], Schedule]:
        """Return the warm-up and the recording; nothing is broken in it."""
        warm = schedule([Phase("warm-up", scale.driven / 2, WARM_UP)], self.requests, seed=self._seed)
        begin = warm.bounds[-1]
        at = np.concatenate((warm.at, np.round(self._at * 1e9).astype(np.int64) + begin))
        request = np.concatenate((warm.request, self._request)).astype(np.int32)
        planned = [
            PlannedPhase("warm-up", "warmup", WARM_UP, scale.driven / 2),
            PlannedPhase("replay", "steady", self._seconds, scale.driven),
        ]
        bounds = np.append(warm.bounds, begin + round(self._seconds * 1e9))
        phases = (*warm.phases, Phase("replay", scale.driven, self._seconds))
        return planned, Schedule(phases, bounds, at, request, np.zeros(len(at), dtype=np.bool_))
