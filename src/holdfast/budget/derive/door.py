"""The admission limit, its queue and when the loop is late, for one worker.

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
from holdfast.budget.model.door import ALGORITHMS
from holdfast.budget.units import format_duration

__all__ = ["derive", "findings", "limit"]

LEAST = 3
"""Requests in flight that a worker is never held below: Envoy's adaptive concurrency has the same floor
(`min_concurrency`). Below it, two requests that happen to meet are an overload."""

START = 20
"""Where a limit that learns starts when nothing is known: concurrency-limits' `initialLimit`."""


MOST_LATE = 5
"""A request passes the loop several times, and each time it waits as long as the loop is late: at a fifth of
p99, a few times are all that there is."""


def derive(ground: Ground) -> Iterator[Derived]:
    """Yield admission.limit, admission.queue and admission.late of one worker."""
    admission, p99 = ground.budget.admission, ground.budget.objective.p99
    places = limit(ground)
    if places is not None:
        yield places
    if admission.queue is not None:
        queue = min(admission.queue, max(1, admission.queue // ground.everywhere))
        formula = f"{admission.queue} / {ground.everywhere} workers = {queue}"
        inputs = {"admission.queue": str(admission.queue)} | ground.spread_inputs()
        yield Derived("admission.queue", queue, "requests a worker", formula, inputs, ground.everywhere == 1)
    elif places is not None and p99 is not None:
        queue = math.ceil(round(places.value * admission.wait / p99, 9))
        formula = (
            f"what the limit serves meanwhile: limit x wait / p99 = {places.value:g} x "
            f"{format_duration(admission.wait)} / {format_duration(p99)}, rounded up = {queue}"
        )
        inputs = {
            "admission.limit": f"{places.value:g} a worker",
            "admission.wait": format_duration(admission.wait),
            "objective.p99": format_duration(p99),
        }
        yield Derived("admission.queue", queue, "requests a worker", formula, inputs)
    yield from _late(ground)


def limit(ground: Ground) -> Derived | None:
    """Return admission.limit of one worker, or where it starts; None without any budget."""
    path, unit = "admission.limit", "requests a worker"
    admission, p99 = ground.budget.admission, ground.budget.objective.p99
    if isinstance(admission.limit, int):
        number = max(1, admission.limit // ground.everywhere)
        formula = f"{admission.limit} / {ground.everywhere} workers, at least 1 = {number}"
        inputs = {path: str(admission.limit)} | ground.spread_inputs()
        return Derived(path, number, unit, formula, inputs, ground.everywhere == 1)
    if ground.most is not None and p99 is not None:
        number = max(LEAST, math.ceil(round(ground.most * p99 / ground.everywhere, 9)))
        formula = (
            f"{algorithm(ground)}, from Little's law on: peak x burst x p99 / workers = {ground.most:g}/s x "
            f"{format_duration(p99)} / {ground.everywhere}, rounded up = {number}; never below {LEAST}, and "
            "no higher where answers come near p99"
        )
        inputs = ground.most_inputs() | {"objective.p99": format_duration(p99)} | ground.spread_inputs()
        return Derived(path, number, unit, formula, inputs)
    if ground.loaded.path is not None:
        formula = f"{algorithm(ground)}, from {START} on, as peak or p99 are not decided; never below {LEAST}"
        return Derived(path, START, unit, formula, {})
    return None


def algorithm(ground: Ground) -> str:
    """Return the name of what finds the limit where no number is written."""
    written = ground.budget.admission.limit
    return written if isinstance(written, str) else ALGORITHMS[0]


def _late(ground: Ground) -> Iterator[Derived]:
    admission, p99 = ground.budget.admission, ground.budget.objective.p99
    if admission.late is not None:
        yield Derived("admission.late", admission.late, "s", "as written", {}, written=True)
    elif p99 is not None:
        late = round(max(admission.wait, p99 / MOST_LATE), 9)
        formula = (
            f"p99 / {MOST_LATE} = {format_duration(p99)} / {MOST_LATE}, at least wait "
            f"({format_duration(admission.wait)}) = {format_duration(late)}"
        )
        inputs = {"objective.p99": format_duration(p99), "admission.wait": format_duration(admission.wait)}
        yield Derived("admission.late", late, "s", formula, inputs)


def findings(ground: Ground) -> Iterator[Finding]:
    """Yield what cannot hold together at the door."""
    yield from _classes(ground)
    admission, objective, traffic = ground.budget.admission, ground.budget.objective, ground.budget.traffic
    if objective.p99 is not None and admission.wait >= objective.p99:
        yield ground.finding(
            "admission.wait",
            f"a request may wait {format_duration(admission.wait)} at the door, and p99 promises "
            f"{format_duration(objective.p99)} for all of it",
        )
    if isinstance(admission.limit, int) and admission.limit < ground.everywhere:
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


def _classes(ground: Ground) -> Iterator[Finding]:
    header, callers = ground.budget.admission.class_header, ground.budget.trust.callers
    if header is not None and not callers:
        yield ground.finding(
            "admission.class_header",
            f"{header} is believed from trust.callers only, and there are none: it would never be read",
        )
