"""A search from start to end: the service started as in production, rate after rate, everything stopped
again.
"""

from __future__ import annotations

import asyncio
import shlex
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from holdfast.budget import Loaded
from holdfast.clock import monotonic
from holdfast.errors import MissingNumber
from holdfast.gate.capacity.result import CapacityResult, Step
from holdfast.gate.capacity.search import Search
from holdfast.gate.capacity.step import Stretch, drive
from holdfast.gate.conduct import Options
from holdfast.gate.conduct.admissible import require_admissible
from holdfast.gate.conduct.cores import divide
from holdfast.gate.conduct.dependencies import wire
from holdfast.gate.conduct.live import Live
from holdfast.gate.conduct.load import requests_of
from holdfast.gate.conduct.run import service_of
from holdfast.gate.conduct.watcher import Watcher
from holdfast.gate.launch.port import free
from holdfast.gate.result import Scale, Verdict
from holdfast.gate.scenario import scale

__all__ = ["Pace", "run"]

_REST = 10.0
"""Seconds at most until the service is idle again: the backlog of one rate must not be the next one's."""

_GOOD = 0.95


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds of load for warming up, for a rate that is tried, and for the one that is told.

    `least`, `most`: requests a second that are driven. Below, a stretch holds too few; above, one driver is
    not enough.
    """

    warm_up: float = 4.0
    tried: float = 4.0
    confirmed: float = 12.0
    least: float = 1.0
    most: float = 20_000.0


async def run(loaded: Loaded, options: Options, live: Live, pace: Pace = Pace()) -> CapacityResult:
    """Search once.

    Raises UsageError, BudgetError or MissingNumber for what the user can mend, BootFailed when the service
    does not come up, NotMeasured when the run itself broke. However it ends, nothing that it started is left.
    """
    require_admissible(loaded)
    if loaded.budget.objective.p99 is None and loaded.budget.objective.availability is None:
        raise MissingNumber(("objective.p99", "objective.availability"))
    started, began = datetime.now(UTC), monotonic()
    with tempfile.TemporaryDirectory(prefix="holdfast-capacity-", ignore_cleanup_errors=True) as scratch:
        async with AsyncExitStack() as stack:
            found = await _search(loaded, options, live, pace, Path(scratch), stack)
            live.note("stopping the service")
    needed = found.scale.driven
    headroom = found.capacity / needed - 1 if found.capacity is not None else None
    return CapacityResult(
        app=options.app,
        service=loaded.budget.service.name or "",
        budget=loaded.shown,
        seed=options.seed,
        started=started.isoformat(timespec="seconds"),
        duration=monotonic() - began,
        reproduce=_reproduce(loaded, options),
        verdict=_verdict(found.capacity, needed),
        scale=found.scale,
        capacity=found.capacity,
        needed=needed,
        headroom=headroom,
        knee=max(
            (step.offered for step in found.steps if step.goodput >= _GOOD * step.offered), default=None
        ),
        bound=found.bound,
        steps=found.steps,
    )


@dataclass(slots=True)
class _Found:
    scale: Scale
    steps: list[Step] = field(default_factory=list)
    capacity: float | None = None
    bound: str = ""


async def _search(
    loaded: Loaded, options: Options, live: Live, pace: Pace, scratch: Path, stack: AsyncExitStack
) -> _Found:
    cores, port = divide(), free()
    requests = requests_of(loaded, options.seed, port, options.environ)
    live.note("wiring the dependencies")
    dependencies = await wire(loaded, options.environ, scratch, cores.gate, stack, seed=options.seed)
    live.note(f"starting {options.app}")
    service = await stack.enter_async_context(service_of(loaded, options, dependencies, cores, port))
    watcher = Watcher(service, {}, live.stalls)
    await watcher.all_serving(options.boot)
    found = _Found(
        scale(loaded.budget, workers=watcher.workers(), cores=len(cores.service), shared=cores.shared)
    )
    live.note("warming up")
    await drive(
        loaded, Stretch(found.scale.driven / 2, pace.warm_up, options.seed), requests, port, scratch, cores
    )
    search = Search(min(found.scale.driven, pace.most), pace.least, pace.most)
    while (rate := search.next_rate()) is not None:
        await _idle(watcher)
        stretch = _stretch(search, rate, pace, options.seed, len(found.steps))
        live.phase(f"{rate:.4g}/s", stretch.seconds + 1, "once more, for longer" if search.confirming else "")
        step, unsent = await drive(loaded, stretch, requests, port, scratch, cores)
        if unsent and not search.confirming:
            # The driver ran out before the service did: what it could send is the highest that can be told.
            search.most, found.bound = search.held or rate, f"the driver did not send {unsent} requests"
            search.confirming = bool(search.held)
            search.ended = not search.held
            continue
        found.steps.append(step)
        search.told(rate, held=step.held)
    found.capacity = search.capacity
    if found.capacity is not None and found.capacity >= pace.most:
        found.bound = f"no more than {pace.most:g}/s are driven"
    return found


def _stretch(search: Search, rate: float, pace: Pace, seed: int, number: int) -> Stretch:
    return Stretch(
        rate, pace.confirmed if search.confirming else pace.tried, seed * 1000 + number, search.confirming
    )


async def _idle(watcher: Watcher) -> None:
    """Wait until no request is in flight any more."""
    until = monotonic() + _REST
    while monotonic() < until:
        await watcher.look()
        if not sum(worker["in_flight"] for worker in watcher.state.get("workers", ())):
            return
        await asyncio.sleep(0.1)


def _verdict(capacity: float | None, needed: float) -> Verdict:
    if capacity is None:
        return Verdict("fail", 1, "no rate held its objectives twice")
    if capacity < needed:
        return Verdict("fail", 1, f"{capacity:.4g}/s held, and the peak takes {needed:.4g}/s of one replica")
    return Verdict(
        "pass", 0, f"{capacity:.4g}/s held: {capacity / needed - 1:.0%} above the peak's {needed:.4g}/s"
    )


def _reproduce(loaded: Loaded, options: Options) -> str:
    words = ["holdfast", "capacity", options.app, "--budget", loaded.shown, "--seed", str(options.seed)]
    if loaded.environment:
        words += ["--env", loaded.environment]
    return shlex.join(words)
