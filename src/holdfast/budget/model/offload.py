"""[offload]: how much runs beside the event loop."""

from __future__ import annotations

from typing import Annotated

from holdfast.budget.metadata import Derivable, Fact, Mechanism
from holdfast.budget.model.mode import ModeName
from holdfast.budget.model.references import ANYIO_THREADS
from holdfast.budget.model.section import Section
from holdfast.budget.units import Count, Whole

__all__ = ["Offload"]


class Offload(Section):
    """How much runs beside the event loop of one worker, in threads and in processes."""

    mode: Annotated[
        ModeName,
        Fact(
            "How far `queue` goes: `observe` lets all wait and counts who would have been refused; `off` "
            "knows no bound. Threads and processes are as many as is said, in any mode."
        ),
    ] = "enforce"
    threads: Annotated[
        Count,
        Mechanism(
            "Threads of a worker, for `def` endpoints and dependencies, files and `to_thread`.", ANYIO_THREADS
        ),
    ] = 40
    processes: Annotated[
        Count | None,
        Derivable(
            "Processes of a worker for `to_process`, started when first needed.",
            "the cores that the cgroup grants / workers, at least 1",
        ),
    ] = None
    queue: Annotated[
        Whole | None,
        Derivable(
            "Calls of a worker that may wait for a thread, and as many for a process; more are refused.",
            "admission.limit of a worker (where it starts, if it learns), at least `threads`: who waits for "
            "longer than one turn of all threads stands in a queue that does not end",
        ),
    ] = None
