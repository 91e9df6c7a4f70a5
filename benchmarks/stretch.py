"""One stretch: a service started afresh, driven at stated rates, measured as the gate measures.

A fresh start each time, stand-ins included: a form that collapsed in one stretch must not carry its backlog
into the next.
"""

from __future__ import annotations

import asyncio
import resource
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from holdfast.budget import Loaded
from holdfast.gate.conduct.assembly import bounds_of as objectives  # what goodput is measured against
from holdfast.gate.conduct.course import Course
from holdfast.gate.conduct.dependencies import Dependencies, wire
from holdfast.gate.conduct.driver import Driver
from holdfast.gate.drive import Plan, Records
from holdfast.gate.fault.counts import Counts
from holdfast.gate.launch.port import free
from holdfast.gate.launch.service import Service, serve_command
from holdfast.gate.measure import Run, balance, measure_phase
from holdfast.gate.result import Phase
from holdfast.gate.scenario import PlannedPhase
from holdfast.gate.shape import Phase as Load
from holdfast.gate.shape import Schedule, catalogue, schedule

__all__ = ["Stretch", "drive"]

_CONNECTIONS = 16_384
"""At most. A form that answers nothing holds as many as arrive while its clients are patient."""

_GRACE = 1.0
"""Seconds to end in: what a collapsed form has still to do is of no interest any more."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What came of it: the `phases` as planned, which are views of `run`.

    `counts[p]`: what was seen of each dependency until phase p, one more at the end; `metrics`: what the
    service said when all was over.
    """

    run: Run
    phases: tuple[Phase, ...]
    counts: tuple[dict[str, Counts], ...]
    metrics: str

    def of(self, name: str) -> Phase:
        """Return the phase of that name."""
        return next(phase for phase in self.phases if phase.name == name)


async def drive(
    loaded: Loaded,
    app: str,
    planned: Sequence[PlannedPhase],
    *,
    cores: tuple[int, int],
    patience: float,
    seed: int,
    environ: Mapping[str, str] | None = None,
    ready: Callable[[int], Awaitable[None]] | None = None,
) -> Stretch:
    """Start `app`, drive the phases and apply their faults, stop it; `patience`: seconds of a client.

    `cores`: of the service, which has it to itself, and of driver and stand-ins; the proxies are here.
    `ready`: called with the port before the first phase.

    Every dependency is its stand-in, but for what `environ` names. Raises what the gate raises, and
    RuntimeError where the driver did not keep to the schedule: then nothing was measured.
    """
    serving, loading = cores
    port = free()
    requests = catalogue(
        loaded.budget.traffic.request,
        authority=f"127.0.0.1:{port}",
        seed=seed,
        base=loaded.folder,
        place=loaded.place,
    )
    due = schedule([Load(phase.name, phase.rate, phase.seconds) for phase in planned], requests, seed=seed)
    plan = Plan("127.0.0.1", port, patience, _CONNECTIONS, requests.payloads, due.at, due.request)
    _allow_descriptors()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        async with AsyncExitStack() as stack:
            dependencies = await wire(loaded, environ or {}, Path(scratch), {loading}, stack, seed=seed)
            service = await stack.enter_async_context(_service(loaded, app, port, dependencies, serving))
            if ready is not None:
                await ready(port)
            driver = await stack.enter_async_context(Driver(plan, Path(scratch), {loading}))
            course = Course(planned, dependencies, lambda phase: None)
            start = await driver.go()
            _, records = await asyncio.gather(course.run(start), driver.finish(lambda line: None))
            course.close()
            metrics = await _told(service)
    run, phases = _measured(loaded, planned, plan, due, records)
    return Stretch(run, phases, tuple(course.counts), metrics)


async def _told(service: Service) -> str:
    """Return the service's metrics, "" where it does not answer any more."""
    try:
        return (await service.get("/metrics")).body.decode()
    except OSError:
        return ""


def _service(loaded: Loaded, app: str, port: int, dependencies: Dependencies, core: int) -> Service:
    admin_port = free()
    command = serve_command(
        app, port=port, admin_port=admin_port, budget=loaded.path, environment=loaded.environment
    )
    return Service(
        command,
        port=port,
        admin_port=admin_port,
        environ=dependencies.environ,
        cpus={core},
        boot=60.0,
        grace=_GRACE,
    )


def _measured(
    loaded: Loaded, planned: Sequence[PlannedPhase], plan: Plan, due: Schedule, records: Records
) -> tuple[Run, tuple[Phase, ...]]:
    names = [payload.name for payload in plan.requests]
    run = Run(records, names, objectives(loaded, names), loaded.budget.sli)
    unsent = balance(run).not_sent
    if unsent:
        raise RuntimeError(f"the driver did not send {unsent} of {len(run.at)} requests")
    edges = (due.bounds / 1e9).tolist()
    phases = (
        measure_phase(
            run, name=phase.name, kind=phase.kind, start=start, end=end, rate=phase.rate, fault=None
        )
        for phase, start, end in zip(planned, edges, edges[1:], strict=False)
    )
    return run, tuple(phases)


def _allow_descriptors() -> None:
    """Let the service have as many connections as it may: their number is not what is measured here."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
