"""What evidence says, whoever wrote it: where the loop stood still, what was sampled, which routes ran."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["Evidence", "Frame", "Load", "Sample", "Source", "Spell", "Stall", "merged"]


@dataclass(frozen=True, slots=True)
class Frame:
    """A place of a stack; `line` is 0 and `file` "" where the evidence does not say."""

    file: str
    line: int
    function: str


@dataclass(frozen=True, slots=True)
class Spell:
    """What of the stalls at a place came while a load was measured; `victims` as in `Stall`."""

    seconds: float
    victims: int


@dataclass(frozen=True, slots=True)
class Load:
    """The steady phase of a run of the gate, `seconds` long and on so many `workers`: its good answers by
    route, and the latency in seconds by share of them (0.5, 0.99)."""

    source: str
    phase: str
    seconds: float
    workers: int
    answers: Mapping[str, int]
    percentiles: Mapping[float, float]


@dataclass(frozen=True, slots=True)
class Stall:
    """All stalls of the loop at one place.

    `frames`: innermost first where the stack is known, else the place alone. `place` is the service's own
    line among them. `total` and `longest` in seconds; `victims`: requests delayed, summed over the stalls;
    `cause` as in `events.StallSeen`, "" where it is not told; `sink` is the innermost frame as a text.
    `spell`: what of it is of the `Load` of the same source, None where that is not told.
    """

    source: str
    place: Frame
    frames: tuple[Frame, ...]
    count: int
    total: float
    longest: float
    victims: int
    route: str = ""
    sink: str = ""
    cause: str = ""
    spell: Spell | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One stack of a profile, `frames` innermost first. `weight` in seconds, or in samples where the
    profile does not say how long one is (`timed` False)."""

    source: str
    frames: tuple[Frame, ...]
    weight: float
    timed: bool


@dataclass(frozen=True, slots=True)
class Source:
    """A file of evidence; `kind`: "stall log", "gate result", "profile". `says` in words what it holds."""

    file: str
    kind: str
    says: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one file says, or several.

    `requests` counts answered requests by route ("GET /orders"); None where nobody counted them.
    """

    sources: tuple[Source, ...]
    stalls: tuple[Stall, ...] = ()
    samples: tuple[Sample, ...] = ()
    requests: dict[str, int] | None = field(default=None)
    loads: tuple[Load, ...] = ()


def merged(each: Iterable[Evidence]) -> Evidence:
    """Return what all say together."""
    known = list(each)
    counted = [one.requests for one in known if one.requests is not None]
    requests: dict[str, int] | None = {} if counted else None
    for one in counted:
        for route, count in one.items():
            assert requests is not None  # noqa: S101 - somebody counted
            requests[route] = requests.get(route, 0) + count
    return Evidence(
        tuple(source for one in known for source in one.sources),
        tuple(stall for one in known for stall in one.stalls),
        tuple(sample for one in known for sample in one.samples),
        requests,
        tuple(load for one in known for load in one.loads),
    )
