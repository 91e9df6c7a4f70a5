"""Windows of load, in pairs: both builds get the same requests, one after the other, the order drawn by lot.

Only one build is loaded at a time, so that each has the machine as the other had it a moment before. Between
two windows there is a pause in which what was begun is finished.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from holdfast.gate.shape import Arrivals, Catalogue, Phase, schedule
from holdfast.gate.shape.arrivals import Nanoseconds
from holdfast.gate.shape.schedule import Indices

__all__ = ["PAUSE", "Load", "Round", "plan_round", "window_seconds"]

PAUSE = 0.3
"""Seconds between windows: longer than the answers that are still under way take."""

_LEAST, _MOST = 1.0, 10.0
_REQUESTS = 60
"""Requests that a window wants: its median is then off by less than a tenth of the spread of latencies."""


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """What one build is sent in a round: `at`, `request` and `closes` as of a schedule."""

    at: Nanoseconds
    request: Indices
    closes: np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True)
class Round:
    """Pairs of windows of `window` seconds; slot s begins at s * (`window` + PAUSE) seconds.

    `first[p]`: 0 where the old build is loaded first in pair p, else 1. `loads`: of the old and of the new.
    """

    window: float
    first: tuple[int, ...]
    loads: tuple[Load, Load]

    def slot(self, pair: int, build: int) -> int:
        """Return which window is that of a build (0 the old, 1 the new) in a pair of this round."""
        return 2 * pair + (self.first[pair] != build)

    @property
    def edges(self) -> list[float]:
        """The beginnings of all windows and the end of the last pause, in seconds from the start."""
        return [slot * (self.window + PAUSE) for slot in range(2 * len(self.first) + 1)]


def window_seconds(rate: float) -> float:
    """Return how long a window has to be at `rate` requests a second."""
    return min(_MOST, max(_LEAST, _REQUESTS / rate))


def plan_round(
    requests: Catalogue,
    *,
    rate: float,
    window: float,
    pairs: int,
    seed: int,
    arrivals: Arrivals = "poisson",
    new_connections: float = 0.0,
) -> Round:
    """Decide a round of `pairs` from `seed` alone."""
    streams = np.random.SeedSequence(seed).generate_state(pairs + 1)
    lots = np.random.default_rng(int(streams[0]))
    # As many pairs in one order as in the other, or one more: a balanced lot.
    order = lots.permutation([pair % 2 for pair in range(pairs)])
    first = tuple(int(one) for one in order)
    whole = Round(window, first, (_empty(), _empty()))
    parts: tuple[list[Load], list[Load]] = ([], [])
    step = round((window + PAUSE) * 1e9)
    for pair in range(pairs):
        phase = Phase("window", rate, window, arrivals)
        one = schedule([phase], requests, seed=int(streams[pair + 1]), new_connections=new_connections)
        for build in (0, 1):
            parts[build].append(Load(one.at + whole.slot(pair, build) * step, one.request, one.closes))
    return Round(window, first, (_joined(parts[0]), _joined(parts[1])))


def _joined(parts: list[Load]) -> Load:
    return Load(
        np.concatenate([part.at for part in parts]),
        np.concatenate([part.request for part in parts]),
        np.concatenate([part.closes for part in parts]),
    )


def _empty() -> Load:
    return Load(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int32), np.empty(0, dtype=np.bool_))
