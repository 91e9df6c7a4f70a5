"""A comparison from start to end: both builds run side by side, loaded by turns until the figures tell."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from holdfast.budget import Loaded
from holdfast.clock import monotonic
from holdfast.gate.conduct.admissible import require_admissible
from holdfast.gate.conduct.cores import Cores, divide
from holdfast.gate.conduct.dependencies import wire
from holdfast.gate.conduct.live import Live
from holdfast.gate.conduct.load import requests_of
from holdfast.gate.conduct.watcher import Watcher
from holdfast.gate.launch.port import free
from holdfast.gate.launch.service import Service, serve_command
from holdfast.gate.measure import balance
from holdfast.gate.regression.build import Build
from holdfast.gate.regression.cpu import CpuClock
from holdfast.gate.regression.decide import LOOKS, Comparison
from holdfast.gate.regression.drive import Running, drive
from holdfast.gate.regression.figures import windows_of
from holdfast.gate.regression.result import RegressionResult, Side, Window
from holdfast.gate.regression.verdict import compared, verdict, worse
from holdfast.gate.regression.windows import Round, plan_round, window_seconds
from holdfast.gate.result import Scale
from holdfast.gate.scenario import scale

__all__ = ["Options", "run"]

_WARM_UP = 2
"""Pairs of windows that are driven and forgotten: caches fill, pools open, the interpreter specialises."""


@dataclass(frozen=True, slots=True)
class Options:
    """`app` as uvicorn takes it, in both builds. `boot`: seconds that each has to become ready.

    `looks`: pairs after which it is asked whether they tell. `window`: seconds, None for as long as it takes.
    """

    app: str
    old: Build
    new: Build
    seed: int = 1
    environ: Mapping[str, str] = field(default_factory=dict)
    boot: float = 60.0
    looks: Sequence[int] = LOOKS
    window: float | None = None

    def reproduce(self, loaded: Loaded) -> str:
        """Return the command that drives the same requests again."""
        words = ["holdfast", "compare", str(self.old.folder), self.app]
        words += ["--budget", loaded.shown, "--seed", str(self.seed)]
        if loaded.environment:
            words += ["--env", loaded.environment]
        return shlex.join(words)


async def run(loaded: Loaded, options: Options, live: Live) -> RegressionResult:
    """Compare two builds.

    Raises UsageError, BudgetError or MissingNumber for what the user can mend, BootFailed when a build does
    not come up, NotMeasured when the run itself broke. However it ends, nothing that it started is left.
    """
    require_admissible(loaded)
    started, began = datetime.now(UTC), monotonic()
    with tempfile.TemporaryDirectory(prefix="holdfast-compare-", ignore_cleanup_errors=True) as scratch:
        async with AsyncExitStack() as stack:
            cores = divide()
            found = await _measure(loaded, options, live, Path(scratch), cores, stack)
            live.note("stopping the services")
    return RegressionResult(
        app=options.app,
        service=loaded.budget.service.name or "",
        budget=loaded.shown,
        seed=options.seed,
        started=started.isoformat(timespec="seconds"),
        duration=monotonic() - began,
        reproduce=options.reproduce(loaded),
        verdict=verdict(found.comparisons, problem=found.problem, worse=found.worse),
        scale=found.scale,
        old=Side(str(options.old.folder), options.old.python),
        new=Side(str(options.new.folder), options.new.python),
        pairs=found.pairs,
        window=found.window,
        comparisons=found.comparisons,
        windows=found.windows,
    )


@dataclass(slots=True)
class _Found:
    scale: Scale
    window: float
    pairs: int = 0
    windows: list[Window] = field(default_factory=list)
    comparisons: Sequence[Comparison] = ()
    problem: str = ""
    worse: str = ""


async def _measure(
    loaded: Loaded, options: Options, live: Live, scratch: Path, cores: Cores, stack: AsyncExitStack
) -> _Found:
    live.note("wiring the dependencies")
    dependencies = await wire(loaded, options.environ, scratch, cores.gate, stack, seed=options.seed)
    environ = {**options.environ, **dependencies.environ, "HOLDFAST_DRAIN__ANNOUNCE": "0s"}
    sides: list[Running] = []
    workers = 0
    for build in (options.old, options.new):
        live.note(f"starting the {build.name} build in {build.folder}")
        service = await stack.enter_async_context(_service(loaded, options, build, environ, cores))
        watcher = Watcher(service, {}, live.stalls)
        await watcher.all_serving(options.boot)
        workers = watcher.workers()
        sides.append(
            Running(
                build,
                service,
                requests_of(loaded, options.seed, service.port, options.environ),
                CpuClock(service.pid),
            )
        )
    at_scale = scale(loaded.budget, workers=workers, cores=len(cores.service), shared=cores.shared)
    window = options.window or window_seconds(at_scale.driven)
    found = _Found(at_scale, window)
    live.note(f"warming up both, {_WARM_UP} windows of {window:g} s each")
    await drive(
        loaded, sides, _planned(loaded, sides, found, _WARM_UP, options.seed + 1_000_003), scratch, cores
    )
    for look, pairs in enumerate(options.looks):
        more = pairs - found.pairs
        live.note(f"pairs {found.pairs + 1} to {pairs}: both builds by turns, {window:g} s each")
        planned = _planned(loaded, sides, found, more, options.seed * len(options.looks) + look)
        runs, clocks = await drive(loaded, sides, planned, scratch, cores)
        for number, side in enumerate(sides):
            unsent = balance(runs[number]).not_sent
            if unsent:
                found.problem = f"the driver itself did not send {unsent} scheduled requests"
            found.windows += windows_of(
                side.build.name, number, found.pairs, planned, runs[number], clocks[number]
            )
        found.pairs = pairs
        found.comparisons = compared(loaded, found.windows, last=pairs == options.looks[-1])
        found.worse = worse(found.windows)
        if found.problem or found.worse or all(one.outcome != "cannot tell" for one in found.comparisons):
            break
    return found


def _planned(loaded: Loaded, sides: Sequence[Running], found: _Found, pairs: int, seed: int) -> Round:
    # The requests of both builds differ in the address only, so the schedule of one is that of the other.
    return plan_round(
        sides[0].requests,
        rate=found.scale.driven,
        window=found.window,
        pairs=pairs,
        seed=seed,
        arrivals=loaded.budget.traffic.arrivals,
        new_connections=loaded.budget.traffic.new_connections or 0.0,
    )


def _service(
    loaded: Loaded, options: Options, build: Build, environ: Mapping[str, str], cores: Cores
) -> Service:
    port, admin_port = free(), free()
    command = serve_command(
        options.app,
        port=port,
        admin_port=admin_port,
        budget=loaded.path.resolve() if loaded.path is not None else None,
        environment=loaded.environment,
        python=build.python,
    )
    return Service(
        command,
        port=port,
        admin_port=admin_port,
        environ=build.environ({**os.environ, **environ}),
        cwd=build.folder,
        cpus=cores.service,
        boot=options.boot,
    )
