"""Percentiles, only where the sample supports them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from holdfast.gate.result import Latency

__all__ = ["BEYOND", "QUANTILES", "describe", "supported"]

QUANTILES: dict[str, float] = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}

BEYOND = 10
"""A percentile is shown when this many samples lie beyond it: p99 from 1,000 samples, p99.9 from 10,000.
Fewer, and it is little more than the luck of the largest few."""


def supported(count: int, quantile: float) -> bool:
    """Whether `count` samples support `quantile`."""
    return count * (1 - quantile) >= BEYOND - 1e-9


def describe(seconds: npt.NDArray[np.float64]) -> Latency:
    """Return the exact percentiles of latencies in seconds, as far as their number supports them."""
    count = len(seconds)
    shown = {label: q for label, q in QUANTILES.items() if supported(count, q)}
    return Latency(count, {label: float(np.quantile(seconds, q)) for label, q in shown.items()})
