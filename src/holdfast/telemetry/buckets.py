"""The bounds of the latency histograms, alone in a module because writer, exposition and rules share them.

A request row of the state board is `[sum in ns, bucket 0, ..., bucket len(bounds), unused ...]`: bucket i
counts what took at most bounds[i] seconds and more than the bound before it; the one after the last bound
counts what took longer than all. The count of observations is the sum of the buckets, so one request costs
two additions. The bounds in force stand in the header of the board.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import log

__all__ = ["BOUNDS", "FIRST_BUCKET", "MOST_BOUNDS", "REQUEST_CELLS", "SUM_NS", "bounds_with"]

# Dense from 50 ms to 1 s, where objectives of HTTP services lie: a quantile can be told no finer than its
# bucket.
BOUNDS: tuple[float, ...] = (
    *(0.001, 0.002, 0.005, 0.01, 0.015, 0.025, 0.05, 0.075),
    *(0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.65, 0.8),
    *(1.0, 1.5, 2.5, 5.0, 10.0, 30.0, 60.0),
)
"""Upper bounds in seconds without a budget, ascending, inclusive as Prometheus' `le` is."""

MOST_BOUNDS = 32
"""Bounds that a row has room for."""

SUM_NS = 0
"""The cell of a request row that holds the sum, in nanoseconds."""

FIRST_BUCKET = 1
"""The cell of a request row that holds bucket 0."""

REQUEST_CELLS = FIRST_BUCKET + MOST_BOUNDS + 1
"""Cells of a request row: the sum, the buckets, the one without a bound."""


def bounds_with(thresholds: Iterable[float]) -> tuple[float, ...]:
    """Return the bounds with every one of `thresholds` (seconds) among them, at most MOST_BOUNDS.

    What is promised has to be counted exactly: "share of requests within p99" is told by the bucket that ends
    there, and by no interpolation. Where there is no room, the usual bounds nearest to a threshold make way,
    by ratio; of more thresholds than there is room for, the smallest stay.

    >>> 0.32 in bounds_with([0.32])
    True
    """
    wanted = sorted(set(thresholds))[:MOST_BOUNDS]
    usual = [bound for bound in BOUNDS if bound not in wanted]
    usual.sort(key=lambda bound: min((abs(log(bound / one)) for one in wanted), default=0.0))
    spare = len(usual) + len(wanted) - MOST_BOUNDS
    return tuple(sorted([*wanted, *usual[max(0, spare) :]]))
