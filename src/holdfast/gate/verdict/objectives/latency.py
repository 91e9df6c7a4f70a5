"""Latency percentiles in the steady phase: "p99 = 300ms" says that at most 1% may take longer than that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from holdfast.budget.units import format_duration
from holdfast.gate.measure.latency import supported
from holdfast.gate.measure.quantiles import PROMISED, label
from holdfast.gate.result import Judgement, Outcome, Phase
from holdfast.gate.shape import route
from holdfast.gate.verdict import binomial
from holdfast.gate.verdict.evidence import Evidence, Judged

__all__ = ["judge"]


@dataclass(frozen=True, slots=True)
class _Promise:
    path: str
    title: str
    quantile: float
    bound: float | None
    route: str | None


def judge(evidence: Evidence) -> Judged:
    """Judge the service's and each route's percentiles; the service's p99 even where it is missing."""
    for phase in evidence.of("steady"):
        for promise in _promises(evidence):
            yield _judge(evidence, phase, promise)


def _promises(evidence: Evidence) -> Iterator[_Promise]:
    objective = evidence.loaded.budget.objective
    for name, quantile in PROMISED.items():
        bound = getattr(objective, name)
        if bound is not None or name == "p99":
            yield _Promise(f"objective.{name}", f"{label(name)}, all routes", quantile, bound, None)
    for path, promised in objective.route.items():
        for name, quantile in PROMISED.items():
            bound = getattr(promised, name, None)
            if bound is not None:
                number = f'objective.route."{path}".{name}'
                yield _Promise(number, f"{label(name)}, {path}", quantile, bound, path)


def _judge(evidence: Evidence, phase: Phase, promise: _Promise) -> Judgement:
    run = evidence.run
    # Good answers and those that never came; an error is judged as one, and would be a fast latency.
    mask = run.between(phase.start, phase.end) & run.counted & (run.acceptable | ~run.answered)
    if promise.route is not None:
        wanted = [position for position, name in enumerate(run.routes) if name == route(promise.route)]
        mask &= np.isin(run.route, wanted)
    # What never came has latency inf: its client gave up, having waited at least that long.
    seconds = run.latency[mask]
    n, allowed = len(seconds), 1 - promise.quantile
    measured = np.inf
    if supported(n, promise.quantile):
        measured = float(np.quantile(seconds, promise.quantile, method="higher"))
    outcome: Outcome = "cannot tell"
    why = "no good answer on this route"
    if n and promise.bound is not None:
        late = int(np.count_nonzero(seconds > promise.bound))
        outcome = binomial.test(late, n, allowed)
        why = f"{late} of {n} took longer than {format_duration(promise.bound)}"
        if outcome == "cannot tell":
            why += f"; it takes {binomial.needed(allowed, late):,} requests or more to decide"
    return Judgement(
        id=promise.path,
        title=promise.title,
        phase=phase.name,
        required=promise.bound,
        measured=measured if np.isfinite(measured) else None,
        unit="s",
        better="lower",
        outcome=outcome,
        why=why,
        place="",
        source="",
    )
