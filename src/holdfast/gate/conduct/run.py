"""From a budget to a result: the whole run."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from holdfast.budget import Loaded
from holdfast.clock import monotonic
from holdfast.errors import MissingNumber
from holdfast.gate.conduct.cores import Cores, divide
from holdfast.gate.conduct.course import Course
from holdfast.gate.conduct.dependencies import Dependencies, wire
from holdfast.gate.conduct.driver import Driver
from holdfast.gate.conduct.machine import describe
from holdfast.gate.conduct.options import Options
from holdfast.gate.conduct.watcher import Watcher
from holdfast.gate.drive.plan import Plan
from holdfast.gate.drive.records import Records
from holdfast.gate.launch.port import free
from holdfast.gate.launch.service import Service
from holdfast.gate.measure import balance, calls, measure_phase, measure_series, seconds_to_recover, unproxied
from holdfast.gate.measure.run import Run
from holdfast.gate.result import Calls, Fault, GateResult, Phase, Recovery, Scale
from holdfast.gate.scenario import PlannedPhase, derive, scale
from holdfast.gate.shape import Phase as Stretch
from holdfast.gate.shape import Schedule, catalogue, route, schedule
from holdfast.gate.verdict import Evidence, decide, explain, judge
from holdfast.gate.verdict.noise import CpuTimes
from holdfast.gate.verdict.noise import judge as judge_noise

__all__ = ["Live", "run"]

_PATIENCE = 10.0
"""Seconds after which the driver's clients give up when the budget names no deadline: about as long as a
person waits for a page (Nielsen 1993, the limit for keeping attention)."""

_CONNECTIONS = 4096
"""Connections at most, each a file descriptor here and one in the service; beyond, arrivals wait and it
shows in their latency."""


class Live(Protocol):
    """Whoever shows how the run goes."""

    def phase(self, name: str, seconds: float, detail: str) -> None:
        """A phase begins."""

    def progress(self, line: Mapping[str, Any]) -> None:
        """A progress line of the driver arrived."""

    def note(self, text: str) -> None:
        """Something worth a line happened."""

    def stalls(self, count: int) -> None:
        """So many stalls were seen so far."""


@dataclass(frozen=True, slots=True)
class _Raw:
    """What came back from the run before anything is measured."""

    records: Records
    shape: Schedule
    names: tuple[str, ...]
    planned: tuple[PlannedPhase, ...]
    scale: Scale
    dependencies: Dependencies
    course: Course
    watcher: Watcher
    steal: float


async def run(loaded: Loaded, options: Options, live: Live) -> GateResult:
    """Run the gate once.

    Raises MissingNumber without a peak, UsageError for what the user can mend, BootFailed when the service
    does not come up, NotMeasured when the run itself broke. However it ends, nothing that it started is left.
    """
    if loaded.budget.traffic.peak is None:
        raise MissingNumber(("traffic.peak",))
    started, began = datetime.now(UTC), monotonic()
    with tempfile.TemporaryDirectory(prefix="holdfast-gate-", ignore_cleanup_errors=True) as scratch:
        async with AsyncExitStack() as stack:
            raw = await _drive(loaded, options, live, Path(scratch), stack)
            live.note("stopping the service")
    return _result(loaded, options, raw, started=started, duration=monotonic() - began)


async def _drive(
    loaded: Loaded, options: Options, live: Live, scratch: Path, stack: AsyncExitStack
) -> _Raw:
    cores = divide()
    live.note("wiring dependencies")
    dependencies = await wire(loaded, options.environ, scratch, cores.gate, stack)
    live.note(f"starting {options.app}")
    service = await _start(loaded, options, dependencies, cores, stack)
    watcher = Watcher(service.admin_port, service.pid, dependencies.real(), live.stalls)
    await watcher.look()
    at_scale = scale(loaded.budget, workers=watcher.workers(), cores=len(cores.service))
    planned = tuple(derive(loaded.budget, at_scale.driven, list(dependencies.proxied())))
    shape, plan = _plan(loaded, options, planned, service.port)
    driver = await stack.enter_async_context(Driver(plan, scratch, cores.gate))
    course = Course(planned, dependencies, lambda phase: _announce(live, phase))
    cpu = CpuTimes()
    async with _beside(watcher.watch()):
        start = await driver.go()
        async with asyncio.TaskGroup() as group:
            following = group.create_task(course.run(start))
            records = await driver.finish(live.progress)
            await following
    steal = cpu.steal()
    await watcher.look()
    course.close()
    names = tuple(payload.name for payload in plan.requests)
    return _Raw(records, shape, names, planned, at_scale, dependencies, course, watcher, steal)


async def _start(
    loaded: Loaded, options: Options, dependencies: Dependencies, cores: Cores, stack: AsyncExitStack
) -> Service:
    service = Service(
        options.app,
        budget=loaded.path,
        environment=options.environment,
        port=free(),
        admin_port=free(),
        environ={**options.environ, **dependencies.environ},
        cores=cores.service,
        boot_deadline=options.boot_deadline,
    )
    return await stack.enter_async_context(service)


def _plan(
    loaded: Loaded, options: Options, planned: Sequence[PlannedPhase], port: int
) -> tuple[Schedule, Plan]:
    requests = catalogue(
        loaded.budget.traffic.request,
        authority=f"127.0.0.1:{port}",
        seed=options.seed,
        base=loaded.path.parent if loaded.path else None,
        place=loaded.place,
    )
    stretches = [Stretch(phase.name, phase.rate, phase.seconds) for phase in planned]
    shape = schedule(stretches, requests, seed=options.seed)
    deadline = loaded.budget.deadline.default
    patience = _PATIENCE if deadline is None else max(2 * deadline, 1.0)
    return shape, Plan("127.0.0.1", port, patience, _CONNECTIONS, requests.payloads, shape.at, shape.request)


class _beside:  # noqa: N801 - reads as the statement that it is
    """Runs a task beside a block, and ends it with the block."""

    def __init__(self, coroutine: Any) -> None:
        self._coroutine = coroutine

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._coroutine)

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task


def _announce(live: Live, phase: PlannedPhase) -> None:
    detail = f"{phase.rate:g}/s"
    if phase.fault is not None:
        detail += f", {phase.dependency}: {phase.fault.describe()}"
    live.phase(phase.name, phase.seconds, detail)


def _result(
    loaded: Loaded, options: Options, raw: _Raw, *, started: datetime, duration: float
) -> GateResult:
    objective = loaded.budget.objective
    routes = {route(name): promised.p99 for name, promised in objective.route.items()}
    names = dict.fromkeys(raw.names)
    bounds = {name: routes.get(name) or objective.p99 for name in names}
    measured = Run(
        raw.records,
        raw.names,
        {name: bound for name, bound in bounds.items() if bound is not None},
        loaded.budget.sli,
    )
    phases = _phases(measured, raw)
    recoveries = _recoveries(measured, phases)
    dependencies = _dependencies(raw, phases)
    steady = next(phase for phase in phases if phase.kind == "steady")
    tightest = min((bound for bound in bounds.values() if bound is not None), default=None)
    noise = judge_noise(
        raw.records, measured.between(steady.start, steady.end), steal=raw.steal, bound=tightest
    )
    ledger = balance(measured)
    evidence = Evidence(loaded, measured, phases, recoveries, dependencies, noise, raw.scale.share)
    judgements = judge(evidence)
    stalls = raw.watcher.stalls()
    return GateResult(
        app=options.app,
        service=loaded.budget.service.name or options.app,
        budget=str(loaded.path),
        environment=options.environment or "",
        seed=options.seed,
        started=started.isoformat(timespec="seconds"),
        duration=duration,
        reproduce=options.reproduce(loaded.path),
        verdict=decide(judgements, ledger),
        scale=raw.scale,
        machine=describe(),
        noise=noise,
        ledger=ledger,
        judgements=judgements,
        reasons=explain(phases, stalls, dependencies, raw.watcher.peak_in_flight),
        phases=phases,
        series=measure_series(measured, length=phases[-1].end),
        recoveries=recoveries,
        dependencies=dependencies,
        stalls=stalls,
    )


def _phases(measured: Run, raw: _Raw) -> list[Phase]:
    edges = [float(edge) / 1e9 for edge in raw.shape.bounds]
    found = []
    for planned, start, end in zip(raw.planned, edges, edges[1:], strict=False):
        fault = None
        if planned.fault is not None:
            fault = Fault(planned.dependency, planned.fault.kind, planned.fault.describe())
        found.append(
            measure_phase(
                measured,
                name=planned.name,
                kind=planned.kind,
                start=start,
                end=end,
                rate=planned.rate,
                fault=fault,
            )
        )
    return found


def _recoveries(measured: Run, phases: Sequence[Phase]) -> list[Recovery]:
    steady = next(phase for phase in phases if phase.kind == "steady")
    share = steady.good / steady.offered if steady.offered else 0.0
    found = []
    for before, after in zip(phases, phases[1:], strict=False):
        if after.kind == "recovery":
            seconds = seconds_to_recover(
                measured, healed=after.start, until=after.end, steady_share=share
            )
            found.append(Recovery(before.name, after.start, seconds))
    return found


def _dependencies(raw: _Raw, phases: Sequence[Phase]) -> list[Calls]:
    found = []
    for wired in raw.dependencies.wired:
        if wired.proxy is None:
            found.append(unproxied(wired.name, wired.kind, wired.why))
            continue
        counts = [snapshot[wired.name] for snapshot in raw.course.counts]
        attempted = raw.watcher.attempted(wired.name)
        direct = raw.watcher.direct[wired.name]
        found.append(calls(wired.name, wired.kind, counts, phases, attempted, direct))
    return found
