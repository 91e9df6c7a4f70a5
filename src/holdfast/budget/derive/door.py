"""The admission limit and its queue, for one worker.

Little's law: in flight = rate x time. A worker that serves its share of a burst at the peak and has as many
requests in flight as the limit says answers within p99; with more in flight it would not. The limit is
therefore what keeps answers in time when too many requests arrive. Replicas count at their maximum, because
that is what carries the peak.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from holdfast.budget.derive.ground import Ground
from holdfast.budget.derive.result import Derived, Finding
from holdfast.budget.units import format_duration

__all__ = ["derive", "findings"]

LEAST = 3
"""Requests in flight that a worker is never held below: Envoy's adaptive concurrency has the same floor
(`min_concurrency`). Below it, two requests that happen to meet are an overload."""


def derive(ground: Ground) -> Iterator[Derived]:
    """Yield admission.limit and admission.queue of one worker, and the longest deadline."""
    admission, p99 = ground.budget.admission, ground.budget.objective.p99
    limit: int | None = None
    if admission.limit is not None:
        limit = max(1, admission.limit // ground.everywhere)
        formula = f"{admission.limit} / {ground.everywhere} workers, at least 1 = {limit}"
        inputs = {"admission.limit": str(admission.limit)} | ground.spread_inputs()
        yield Derived("admission.limit", limit, "requests a worker", formula, inputs, ground.everywhere == 1)
    elif ground.most is not None and p99 is not None:
        limit = max(LEAST, math.ceil(round(ground.most * p99 / ground.everywhere, 9)))
        formula = (
            f"Little's law: peak x burst x p99 / workers = {ground.most:g}/s x {format_duration(p99)} / "
            f"{ground.everywhere}, rounded up, at least {LEAST} = {limit}"
        )
        inputs = ground.most_inputs() | {"objective.p99": format_duration(p99)} | ground.spread_inputs()
        yield Derived("admission.limit", limit, "requests a worker", formula, inputs)
    if admission.queue is not None:
        queue = min(admission.queue, max(1, admission.queue // ground.everywhere))
        formula = f"{admission.queue} / {ground.everywhere} workers = {queue}"
        inputs = {"admission.queue": str(admission.queue)} | ground.spread_inputs()
        yield Derived("admission.queue", queue, "requests a worker", formula, inputs, ground.everywhere == 1)
    elif limit is not None and p99 is not None:
        queue = math.ceil(round(limit * admission.wait / p99, 9))
        formula = (
            f"what the limit serves meanwhile: limit x wait / p99 = {limit} x "
            f"{format_duration(admission.wait)} / {format_duration(p99)}, rounded up = {queue}"
        )
        inputs = {
            "admission.limit": f"{limit} a worker",
            "admission.wait": format_duration(admission.wait),
            "objective.p99": format_duration(p99),
        }
        yield Derived("admission.queue", queue, "requests a worker", formula, inputs)


def findings(ground: Ground) -> Iterator[Finding]:
    """Yield what cannot hold together at the door."""
    admission, objective, traffic = ground.budget.admission, ground.budget.objective, ground.budget.traffic
    if objective.p99 is not None and admission.wait >= objective.p99:
        yield ground.finding(
            "admission.wait",
            f"a request may wait {format_duration(admission.wait)} at the door, and p99 promises "
            f"{format_duration(objective.p99)} for all of it",
        )
    if admission.limit is not None and admission.limit < ground.everywhere:
        yield ground.finding(
            "admission.limit",
            f"{admission.limit} requests over {ground.everywhere} workers: each worker needs at least one",
        )
    if objective.throughput is None or traffic.peak is None or ground.most is None:
        return
    if objective.throughput > ground.most * (1 + 1e-9):
        yield ground.finding(
            "objective.throughput",
            f"{objective.throughput:g}/s are promised, but no more than {ground.most:g}/s (peak x burst) "
            "ever arrive",
        )
    needed = traffic.peak * (objective.availability or 0.0)
    if objective.throughput < needed:
        yield ground.finding(
            "objective.throughput",
            f"{objective.throughput:g}/s are kept, but at the peak of {traffic.peak:g}/s the availability "
            f"takes {needed:g}/s",
        )
