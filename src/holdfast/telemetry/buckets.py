"""The bounds of the latency histograms, alone in a module because writer, exposition and rules share them.

A request row of the state board is `[sum in ns, bucket 0, ..., bucket len(BOUNDS)]`: bucket i counts what
took at most BOUNDS[i] seconds and more than the bound before it; the last one counts what took longer than
all. The count of observations is the sum of the buckets, so one request costs two additions.
"""

from __future__ import annotations

from bisect import bisect_left

__all__ = ["BOUNDS", "BUCKETS", "FIRST_BUCKET", "REQUEST_CELLS", "SUM_NS", "bucket"]

# Dense from 50 ms to 1 s, where objectives of HTTP services lie: a quantile can be told no finer than its
# bucket.
BOUNDS: tuple[float, ...] = (
    *(0.001, 0.002, 0.005, 0.01, 0.015, 0.025, 0.05, 0.075),
    *(0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.65, 0.8),
    *(1.0, 1.5, 2.5, 5.0, 10.0, 30.0, 60.0),
)
"""Upper bounds in seconds, ascending, inclusive as Prometheus' `le` is."""

BUCKETS = len(BOUNDS) + 1
"""Buckets of a histogram, the unbounded one included."""

SUM_NS = 0
"""The cell of a request row that holds the sum, in nanoseconds."""

FIRST_BUCKET = 1
"""The cell of a request row that holds bucket 0."""

REQUEST_CELLS = FIRST_BUCKET + BUCKETS
"""Cells of a request row."""


def bucket(seconds: float) -> int:
    """Return the *cell* of a request row that counts a request of `seconds`.

    >>> bucket(0.001), bucket(0.0011), bucket(1e9) == REQUEST_CELLS - 1
    (1, 2, True)
    """
    return bisect_left(BOUNDS, seconds) + FIRST_BUCKET
