"""When requests arrive, independent of how the service does: the open model.

A closed model (users that wait for an answer before the next request) slows down with the service and so
hides its stalls; see Schroeder, Wierman, Harchol-Balter, "Open Versus Closed", NSDI 2006.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

__all__ = ["Arrivals", "Nanoseconds", "Stretch", "constant", "poisson", "varying"]

Arrivals = Literal["constant", "poisson"]

Nanoseconds: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.int64]]"
"""int64[N], ascending."""


def constant(rate: float, length_ns: int) -> Nanoseconds:
    """Return arrivals evenly spaced at `rate` per second in [0, length_ns), the first at 0."""
    # The small term keeps 100/s over 1 s at 100 arrivals where the product comes out as 100.00000000000001.
    count = max(0, math.ceil(rate * length_ns / 1e9 - 1e-9))
    at = np.floor(np.arange(count, dtype=np.float64) * (1e9 / rate)).astype(np.int64) if count else _none()
    return np.minimum(at, length_ns - 1, out=at)


def poisson(rate: float, length_ns: int, rng: np.random.Generator) -> Nanoseconds:
    """Return a Poisson process of `rate` per second on [0, length_ns).

    Given their number, the points of a Poisson process are independent and uniform (Kingman, "Poisson
    Processes", 2.4): draw the number, then the points, and sort.
    """
    count = int(rng.poisson(rate * length_ns / 1e9))
    at = rng.integers(0, length_ns, size=count, dtype=np.int64) if count else _none()
    at.sort()
    return at


@dataclass(frozen=True, slots=True)
class Stretch:
    """`seconds` in which the rate goes in a straight line from `first` to `last` a second."""

    seconds: float
    first: float
    last: float

    @property
    def expected(self) -> float:
        """Return how many arrivals it has on average."""
        return self.seconds * (self.first + self.last) / 2


def varying(
    stretches: Sequence[Stretch], length_ns: int, arrivals: Arrivals, rng: np.random.Generator
) -> Nanoseconds:
    """Return arrivals on [0, length_ns) whose rate follows `stretches`.

    Arrivals at rate 1 are carried back through the sum of the rate over time, which makes a Poisson process
    of that rate (Cinlar, "Introduction to Stochastic Processes", 4.7) and keeps even spacing even in it.
    """
    sums = np.concatenate(([0.0], np.cumsum([each.expected for each in stretches])))
    ends = np.concatenate(([0.0], np.cumsum([each.seconds for each in stretches])))
    if arrivals == "constant":
        points = np.arange(max(0, math.ceil(sums[-1] - 1e-9)), dtype=np.float64)
    else:
        points = np.sort(rng.random(int(rng.poisson(sums[-1]))) * sums[-1])
    at = np.empty(len(points))
    where = np.minimum(np.searchsorted(sums, points, side="right") - 1, len(stretches) - 1)
    for number, each in enumerate(stretches):
        inside = where == number
        due = points[inside] - sums[number]
        slope = (each.last - each.first) / each.seconds
        # The root of first * t + slope * t ** 2 / 2 = due, in the form that is exact for a slope of 0 too.
        root = np.sqrt(np.maximum(each.first**2 + 2 * slope * due, 0.0))
        below = each.first + root
        at[inside] = ends[number] + np.divide(2 * due, below, out=np.zeros_like(due), where=below > 0)
    return np.minimum(np.floor(at * 1e9).astype(np.int64), length_ns - 1)


def _none() -> Nanoseconds:
    return np.empty(0, dtype=np.int64)
