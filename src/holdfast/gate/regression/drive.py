"""One round: each build has a driver of its own, and all go by one clock."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from holdfast.budget import Loaded
from holdfast.clock import monotonic
from holdfast.gate.conduct.assembly import bounds_of
from holdfast.gate.conduct.cores import Cores
from holdfast.gate.conduct.driver import Driver
from holdfast.gate.conduct.load import plan_of
from holdfast.gate.drive import Records
from holdfast.gate.launch.service import Service
from holdfast.gate.measure import Run
from holdfast.gate.regression.build import Build
from holdfast.gate.regression.cpu import CpuClock
from holdfast.gate.regression.windows import Round
from holdfast.gate.shape import Catalogue

__all__ = ["Clocks", "Running", "drive"]

Clocks = list[list[float | None]]
"""For each build its CPU seconds at the edges of the windows; None where a process of it was gone."""


@dataclass(frozen=True, slots=True)
class Running:
    """A build that serves, and the requests as it is to be sent them."""

    build: Build
    service: Service
    requests: Catalogue
    clock: CpuClock


async def drive(
    loaded: Loaded, sides: Sequence[Running], planned: Round, scratch: Path, cores: Cores
) -> tuple[list[Run], Clocks]:
    """Drive a round; returns what each build did, and its CPU clock at the edges of the windows."""
    async with AsyncExitStack() as stack:
        drivers = []
        for side, load in zip(sides, planned.loads, strict=True):
            plan = plan_of(loaded, side.requests, load, side.service.port)
            folder = scratch / f"drive-{side.build.name}"
            folder.mkdir(exist_ok=True)
            drivers.append(await stack.enter_async_context(Driver(plan, folder, cores.gate)))
            side.clock.again()
        starts = await asyncio.gather(*(driver.go() for driver in drivers))
        clocks: Clocks = [[] for _ in sides]
        reading = asyncio.create_task(_read_clocks(sides, min(starts), planned, clocks))
        try:
            records = await asyncio.gather(*(driver.finish(lambda line: None) for driver in drivers))
            await reading
        finally:
            reading.cancel()
    return [_run_of(loaded, side, one) for side, one in zip(sides, records, strict=True)], clocks


async def _read_clocks(sides: Sequence[Running], start: float, planned: Round, clocks: Clocks) -> None:
    for edge in planned.edges:
        await asyncio.sleep(max(0.0, start + edge - monotonic()))
        for side, clock in zip(sides, clocks, strict=True):
            clock.append(side.clock.read())


def _run_of(loaded: Loaded, side: Running, records: Records) -> Run:
    names = [payload.name for payload in side.requests.payloads]
    return Run(records, names, bounds_of(loaded, names), loaded.budget.sli)
