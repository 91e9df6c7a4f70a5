"""Latency percentiles in the steady phase: "p99 = 300ms" says that at most 1% may take longer than that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from holdfast.budget.units import format_duration
from holdfast.gate.result import Judgement, Outcome, Phase
from holdfast.gate.shape import route
from holdfast.gate.verdict import binomial
from holdfast.gate.verdict.evidence import Evidence, Judged

__all__ = ["judge"]

_QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "p999": 0.999}


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
    for name, quantile in _QUANTILES.items():
        bound = getattr(objective, name)
        if bound is not None or name == "p99":
            yield _Promise(f"objective.{name}", f"{_label(name)}, all routes", quantile, bound, None)
    for path, promised in objective.route.items():
        for name, quantile in _QUANTILES.items():
            bound = getattr(promised, name, None)
            if bound is not None:
                number = f'objective.route."{path}".{name}'
                yield _Promise(number, f"{_label(name)}, {path}", quantile, bound, path)


def _label(name: str) -> str:
    return "p99.9" if name == "p999" else name


def _judge(evidence: Evidence, phase: Phase, promise: _Promise) -> Judgement:
    run = evidence.run
    mask = run.between(phase.start, phase.end) & ~run.refused
    if promise.route is not None:
        wanted = [position for position, name in enumerate(run.routes) if name == route(promise.route)]
        mask &= np.isin(run.route, wanted)
    # A request without an answer has latency inf: its client gave up, having waited at least that long.
    seconds = run.latency[mask]
    n, allowed = len(seconds), 1 - promise.quantile
    measured = float(np.quantile(seconds, promise.quantile, method="higher")) if n else np.inf
    outcome: Outcome = "cannot tell"
    why = "no request of the traffic reaches this route"
    if n and promise.bound is not None:
        late = int(np.count_nonzero(seconds > promise.bound))
        outcome = binomial.test(late, n, allowed)
        why = f"{late} of {n} took longer than {format_duration(promise.bound)}"
        if outcome == "cannot tell":
            why += f"; it takes {binomial.needed(allowed)} requests or more to decide"
        elif outcome == "fail" and not evidence.noise.quiet:
            outcome, why = "cannot tell", f"{why}, but {evidence.noise.why}"
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
