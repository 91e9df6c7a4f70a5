"""Curves over the run, by intended start."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from holdfast.gate.measure.run import Run
from holdfast.gate.result import Series

__all__ = ["measure"]


def measure(run: Run, *, length: float, step: float = 0.5) -> Series:
    """Return the curves of a run of `length` seconds in buckets of `step` seconds."""
    buckets = max(1, round(length / step))
    where = np.minimum((run.at / step).astype(np.int64), buckets - 1)

    def rate(mask: npt.NDArray[np.bool_]) -> list[float]:
        return [float(n) / step for n in np.bincount(where[mask], minlength=buckets)]

    timed = run.acceptable
    everything = np.ones(len(run.at), dtype=bool)
    failed = ~run.acceptable & ~run.refused
    order = np.argsort(where[timed], kind="stable")
    edges = np.searchsorted(where[timed][order], np.arange(1, buckets))
    per_bucket = np.split(run.latency[timed][order], edges)
    return Series(
        step=step,
        t=(np.arange(buckets) * step).tolist(),
        offered=rate(everything),
        good=rate(run.good),
        refused=rate(run.refused),
        failed=rate(failed),
        p50=[_quantile(b, 0.5) for b in per_bucket],
        p99=[_quantile(b, 0.99) for b in per_bucket],
    )


def _quantile(values: npt.NDArray[np.float64], q: float) -> float | None:
    return float(np.quantile(values, q)) if len(values) else None
