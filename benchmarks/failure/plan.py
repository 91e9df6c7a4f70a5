"""What is done to the service: each dependency in turn, each failure in turn, and time to come back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from holdfast.gate.fault.kinds import Blackhole, Brownout, Fault, Refuse, Reset, Script, Slow, flap
from holdfast.gate.measure.recovery import WINDOW
from holdfast.gate.scenario import PlannedPhase

__all__ = ["FAULTS", "FULL", "QUICK", "STEADY", "Extent", "after", "named", "phases"]

FAULTS: Mapping[str, Fault | Script] = {
    "slow": Slow(2.0),
    "refuse": Refuse(),
    "reset": Reset(),
    "blackhole": Blackhole(),
    "half-fail": Brownout(0.3),
    "flap": flap(Reset()),
}

STEADY = "steady"

_ALL: Mapping[str, Sequence[str]] = {name: tuple(FAULTS) for name in ("payments", "db", "redis")}
_SOME: Mapping[str, Sequence[str]] = {
    "payments": ("slow", "half-fail"),
    "db": ("blackhole", "refuse"),
    "redis": ("reset", "flap"),
}
_FEW: Mapping[str, Sequence[str]] = {"payments": ("slow",), "db": ("blackhole",)}


@dataclass(frozen=True, slots=True)
class Extent:
    """Seconds of each stretch; `patience`: of a client. `held`, `peer`: what is done to which dependency."""

    warm_up: float
    steady: float
    failing: float
    recovering: float
    patience: float
    held: Mapping[str, Sequence[str]] = field(default_factory=lambda: _ALL)
    peer: Mapping[str, Sequence[str]] = field(default_factory=lambda: _ALL)


FULL = Extent(warm_up=4, steady=10, failing=9, recovering=5 + WINDOW, patience=6)
"""A failure lasts as long as a retry budget remembers at least: of its 10 s it forgets one at a time. And who
comes back within 5 s is seen to."""

QUICK = Extent(warm_up=2, steady=3, failing=1.5, recovering=1 + WINDOW, patience=3, held=_SOME, peer=_FEW)


def named(dependency: str, fault: str) -> str:
    """Return the name of the stretch in which a dependency fails."""
    return f"{dependency} {fault}"


def after(stretch: str) -> str:
    """Return the name of the stretch that follows it."""
    return f"after {stretch}"


def phases(extent: Extent, done: Mapping[str, Sequence[str]], rate: float) -> Iterator[PlannedPhase]:
    """Yield what is driven, at `rate` requests a second throughout."""
    yield PlannedPhase("warm-up", "warmup", extent.warm_up, rate)
    yield PlannedPhase(STEADY, "steady", extent.steady, rate)
    for dependency, faults in done.items():
        for fault in faults:
            word = named(dependency, fault)
            yield PlannedPhase(word, "fault", extent.failing, rate, dependency, FAULTS[fault])
            yield PlannedPhase(after(word), "recovery", extent.recovering, rate)
