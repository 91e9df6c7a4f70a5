"""When requests arrive, independent of how the service does: the open model.

A closed model (users that wait for an answer before the next request) slows down with the service and so
hides its stalls; see Schroeder, Wierman, Harchol-Balter, "Open Versus Closed", NSDI 2006.
"""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import numpy as np

__all__ = ["Arrivals", "Nanoseconds", "constant", "poisson"]

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


def _none() -> Nanoseconds:
    return np.empty(0, dtype=np.int64)
