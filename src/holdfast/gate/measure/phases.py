"""A phase's figures: counts by intended start, latencies of what was answered well."""

from __future__ import annotations

import numpy as np

from holdfast.gate.measure import outcomes
from holdfast.gate.measure.latency import describe
from holdfast.gate.measure.run import Run
from holdfast.gate.result import Fault, Phase

__all__ = ["measure"]


def measure(
    run: Run, *, name: str, kind: str, start: float, end: float, rate: float, fault: Fault | None
) -> Phase:
    """Measure the stretch [start, end) seconds, driven at `rate` requests a second."""
    inside = run.between(start, end)
    good = int(np.count_nonzero(run.good & inside))
    timed = inside & run.acceptable
    return Phase(
        name=name,
        kind=kind,
        start=start,
        end=end,
        rate=rate,
        offered=int(np.count_nonzero(inside)),
        good=good,
        goodput=good / (end - start),
        outcomes=outcomes.counts(run.codes[inside]),
        latency=describe(run.latency[timed]),
        routes={
            route: describe(run.latency[timed & (run.route == position)])
            for position, route in enumerate(run.routes)
            if np.any(inside & (run.route == position))
        },
        fault=fault,
    )
