"""How long the steady phase must be: long enough that every objective can be decided.

An objective that allows a share `a` of bad requests takes about 3 / a requests without a bad one to pass
(verdict/binomial.py); a few bad ones may be luck, so half as many more are sent.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from holdfast.budget import Budget
from holdfast.gate.measure.latency import BEYOND
from holdfast.gate.shape import route
from holdfast.gate.verdict.binomial import needed

__all__ = ["LEAST", "MOST", "seconds"]

LEAST = 12.0
MOST = 120.0
"""Bounds in seconds: what is not decided within two minutes is "cannot tell", with what it would take."""

_MARGIN = 1.5
_QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "p999": 0.999}


def seconds(budget: Budget, rate: float) -> float:
    """Return the length of the steady phase at `rate` requests a second."""
    return min(MOST, max(LEAST, math.ceil(max(_takes(budget, rate)))))


def _takes(budget: Budget, rate: float) -> Iterator[float]:
    objective = budget.objective
    yield BEYOND / 0.01 * 1.1 / rate  # a p99 to show
    if objective.availability is not None:
        yield _MARGIN * needed(1 - objective.availability) / rate
    if objective.errors is not None:
        yield _MARGIN * needed(objective.errors) / rate
    for name, quantile in _QUANTILES.items():
        if getattr(objective, name) is not None:
            yield _MARGIN * needed(1 - quantile) / rate
    weights = sum(request.weight for request in budget.traffic.request)
    for path, promised in objective.route.items():
        share = sum(r.weight for r in budget.traffic.request if route(r.send) == route(path)) / (weights or 1)
        for name, quantile in _QUANTILES.items():
            if getattr(promised, name, None) is not None and share:
                yield _MARGIN * needed(1 - quantile) / (rate * share)
