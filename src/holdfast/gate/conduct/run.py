"""One run: everything started in order, the load driven, everything stopped again."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from holdfast.budget import Loaded
from holdfast.clock import monotonic
from holdfast.gate.conduct.admissible import require_admissible
from holdfast.gate.conduct.assembly import assemble
from holdfast.gate.conduct.cores import Cores, divide
from holdfast.gate.conduct.course import Course
from holdfast.gate.conduct.dependencies import Dependencies, wire
from holdfast.gate.conduct.driver import Driver
from holdfast.gate.conduct.live import Live
from holdfast.gate.conduct.load import plan_of
from holdfast.gate.conduct.offer import Derived, Offer, Recorded
from holdfast.gate.conduct.options import Options
from holdfast.gate.conduct.raw import Raw
from holdfast.gate.conduct.watcher import Watcher
from holdfast.gate.launch.port import free
from holdfast.gate.launch.service import Service, serve_command
from holdfast.gate.result import GateResult
from holdfast.gate.scenario import PlannedPhase, scale
from holdfast.gate.verdict.noise import CpuTimes

__all__ = ["beside", "run", "service_of"]


async def run(loaded: Loaded, options: Options, live: Live) -> GateResult:
    """Run the gate once.

    Raises UsageError or MissingNumber for what the user can mend, BootFailed when the service does not come
    up, NotMeasured when the run itself broke. However it ends, nothing that it started is left.
    """
    require_admissible(loaded)
    with tempfile.TemporaryDirectory(prefix="holdfast-gate-", ignore_cleanup_errors=True) as scratch:
        async with AsyncExitStack() as stack:
            raw = await _measure(loaded, options, live, Path(scratch), stack)
            live.note("stopping the service")
    return assemble(loaded, options, raw)


async def _measure(loaded: Loaded, options: Options, live: Live, scratch: Path, stack: AsyncExitStack) -> Raw:
    started, began = datetime.now(UTC), monotonic()
    cores = divide()
    port = free()
    offer = _offer(loaded, options, port)
    for note in offer.notes:
        live.note(note)
    live.note("wiring the dependencies")
    dependencies = await wire(loaded, options.environ, scratch, cores.gate, stack, seed=options.seed)
    live.note(f"starting {options.app}")
    service = await stack.enter_async_context(service_of(loaded, options, dependencies, cores, port))
    real = {name: proxy.upstream for name, proxy in dependencies.proxies().items()}
    watcher = Watcher(service, real, live.stalls)
    await watcher.all_serving(options.boot)
    at_scale = offer.scaled(
        scale(loaded.budget, workers=watcher.workers(), cores=len(cores.service), shared=cores.shared)
    )
    planned, shape = offer.load(at_scale, list(real))
    plan = plan_of(loaded, offer.requests, shape, port)
    driver = await stack.enter_async_context(Driver(plan, scratch, cores.gate))

    def entered(phase: PlannedPhase) -> None:
        watcher.enter(phase)
        _announce(live, phase)

    course = Course(planned, dependencies, entered)
    cpu = CpuTimes()
    async with beside(watcher.watch()), beside(course.run(await driver.go())):
        records = await driver.finish(live.progress)
    # The proxies first: a call that is seen must have been attempted by the time the service is asked.
    course.close()
    await watcher.look()
    return Raw(
        records=records,
        names=[payload.name for payload in plan.requests],
        planned=planned,
        edges=[float(edge) / 1e9 for edge in shape.bounds],
        scale=at_scale,
        wired=dependencies.wired,
        counts=course.counts,
        watcher=watcher,
        steal=cpu.steal(),
        shared=cores.shared,
        started=started,
        duration=monotonic() - began,
    )


def service_of(
    loaded: Loaded, options: Options, dependencies: Dependencies, cores: Cores, port: int
) -> Service:
    """Return the service as it is run here, not yet started."""
    admin_port = free()
    command = serve_command(
        options.app, port=port, admin_port=admin_port, budget=loaded.path, environment=loaded.environment
    )
    # The announcement is for load balancers that have to learn of a leaving instance; here none listens.
    environ = {**options.environ, **dependencies.environ, "HOLDFAST_DRAIN__ANNOUNCE": "0s"}
    return Service(
        command, port=port, admin_port=admin_port, environ=environ, cpus=cores.service, boot=options.boot
    )


def _offer(loaded: Loaded, options: Options, port: int) -> Offer:
    if options.replay is not None:
        return Recorded(loaded, options.replay, options.seed, port, options.environ)
    return Derived(loaded, options.seed, port, options.environ, options.faults)


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do `work` beside the block, and end it with the block; an error of either is the error of both."""
    try:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(work)
            yield
            task.cancel()
    except BaseExceptionGroup as errors:
        # What happened first; the rest came of ending the other.
        raise errors.exceptions[0] from None


def _announce(live: Live, phase: PlannedPhase) -> None:
    detail = f"{phase.rate:g}/s"
    if phase.fault is not None:
        detail += f", {phase.dependency}: {phase.fault.describe()}"
    live.phase(phase.name, phase.seconds, detail)
