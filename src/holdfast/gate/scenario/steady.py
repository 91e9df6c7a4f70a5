"""How long the steady phase must be: long enough that every objective can be decided.

An objective that allows a share `a` of bad requests takes about 3 / a requests without a bad one to pass, and
6.3 / a with two of them (verdict/binomial.py). Two are granted: one late answer must not undo a run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from holdfast.budget import Budget
from holdfast.gate.measure.latency import BEYOND
from holdfast.gate.measure.quantiles import PROMISED
from holdfast.gate.shape import route
from holdfast.gate.verdict.binomial import needed

__all__ = ["LEAST", "MOST", "seconds"]

LEAST = 12.0
MOST = 120.0
"""Bounds in seconds: what is not decided within two minutes is "cannot tell", with what it would take."""

_GRANTED = 2


def seconds(budget: Budget, rate: float) -> float:
    """Return the length of the steady phase at `rate` requests a second."""
    return min(MOST, max(LEAST, math.ceil(max(_takes(budget, rate)))))


def _takes(budget: Budget, rate: float) -> Iterator[float]:
    objective = budget.objective
    yield BEYOND / 0.01 * 1.1 / rate  # a p99 to show
    if objective.availability is not None:
        yield needed(1 - objective.availability, _GRANTED) / rate
    if objective.errors is not None:
        yield needed(objective.errors, _GRANTED) / rate
    for name, quantile in PROMISED.items():
        if getattr(objective, name) is not None:
            yield needed(1 - quantile, _GRANTED) / rate
    sent = [(route(each.send), weight) for each, weight in budget.traffic.sent()]
    weights = sum(weight for _, weight in sent)
    for path, promised in objective.route.items():
        share = sum(weight for name, weight in sent if name == route(path)) / (weights or 1)
        for name, quantile in PROMISED.items():
            if getattr(promised, name, None) is not None and share:
                yield needed(1 - quantile, _GRANTED) / (rate * share)
