"""What runs beside the event loop of one worker: its processes, and how many calls may wait.

A process that computes uses a core, and so does a loop that is busy; more processes than cores only take
turns. Who waits for a thread was admitted, so no more can wait than the door lets in; and whoever waits for
longer than one turn of all threads stands in a queue that does not end.
"""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.budget.derive import door
from holdfast.budget.derive.ground import Ground
from holdfast.budget.derive.result import Derived, Finding
from holdfast.budget.units import format_factor

__all__ = ["derive", "findings"]


def derive(ground: Ground) -> Iterator[Derived]:
    """Yield offload.processes and offload.queue of one worker; no queue where nothing bounds who comes."""
    offload = ground.budget.offload
    if offload.processes is not None:
        yield Derived("offload.processes", offload.processes, "processes a worker", "as written", {}, True)
    else:
        cores, processes = ground.cores, max(1, int(ground.cores.count) // ground.workers)
        granted = format_factor(round(cores.count, 2))
        formula = f"floor({granted} cores) / {ground.workers} workers, at least 1 = {processes}"
        inputs = {"cores": f"{granted}, by {cores.limit}", "service.workers": str(ground.workers)}
        yield Derived("offload.processes", processes, "processes a worker", formula, inputs)
    if offload.queue is not None:
        yield Derived("offload.queue", offload.queue, "calls a worker", "as written", {}, True)
    elif (limit := door.limit(ground)) is not None:
        queue = max(int(limit.value), offload.threads)
        formula = f"the admission limit, at least threads: max({limit.value:g}, {offload.threads}) = {queue}"
        inputs = {"admission.limit": f"{limit.value:g} a worker", "offload.threads": str(offload.threads)}
        yield Derived("offload.queue", queue, "calls a worker", formula, inputs)


def findings(ground: Ground) -> Iterator[Finding]:
    """Yield nothing: a worker's own threads and processes contradict no number of the service."""
    yield from ()
