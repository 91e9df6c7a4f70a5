from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest

from holdfast.budget import Budget, Loaded, load
from holdfast.budget.derive.cores import granted
from holdfast.service.beside import Beside
from holdfast.telemetry import process
from holdfast.telemetry.board import SlotCell
from tests.loop.offload.calls import pid, sleep
from tests.service.uvicorn_here import until

pytestmark = pytest.mark.anyio


@pytest.fixture
def beside(tmp_path: Path) -> Any:
    def make(budget: str) -> Beside:
        path = tmp_path / "holdfast.toml"
        path.write_text(budget)
        return Beside(load(path))

    return make


async def test_numbers_come_from_the_budget_or_what_it_implies(beside: Any) -> None:
    undecided = Beside(Loaded(Budget()))
    undecided.end()
    assert (undecided.threads.slots.total, undecided.threads.slots.queue) == (40, None)
    assert undecided.processes.slots.total == max(1, int(granted().count))
    derived = beside("[service]\nworkers = 1\n[admission]\nlimit = 100\n")
    derived.end()
    assert (derived.threads.slots.queue, derived.processes.slots.queue) == (100, 100)
    small = beside("[service]\nworkers = 1\n[admission]\nlimit = 3\n")
    small.end()
    assert small.threads.slots.queue == 40, "never fewer than threads"
    written = beside("[offload]\nthreads = 2\nprocesses = 3\nqueue = 0\n")
    written.end()
    assert (written.threads.slots.total, written.threads.slots.queue) == (2, 0)
    assert written.processes.slots.total == 3


async def test_the_board_shows_what_runs_and_waits(beside: Any) -> None:
    here = beside("[offload]\nthreads = 1\nprocesses = 1\nqueue = 5\n")
    slot, release = process.slot(), threading.Event()
    calls = [asyncio.ensure_future(anyio.to_thread.run_sync(release.wait, 30)) for _ in range(3)]
    calls += [asyncio.ensure_future(here.to_process(sleep, 0.2)) for _ in range(2)]
    await until(lambda: here.threads.slots.used == here.processes.slots.used == 1)
    here.write(slot)
    cells = (
        SlotCell.THREADS,
        SlotCell.THREADS_WAITING,
        SlotCell.PROCESSES,
        SlotCell.PROCESSES_WAITING,
        SlotCell.WEBSOCKETS,
        SlotCell.STREAMS,
    )
    assert [slot.gauges[cell] for cell in cells] == [1, 2, 1, 1, 0, 0]
    release.set()
    await asyncio.gather(*calls)
    here.write(slot)
    assert not any(slot.gauges[cell] for cell in cells)
    here.end()
    await here.aclose()


async def test_a_loop_that_runs_no_more_leaves_no_process(beside: Any) -> None:
    """As test clients do: one loop after the other, without a shutdown in between."""

    loop = asyncio.new_event_loop()

    async def main() -> tuple[Beside, int]:
        there = beside("[offload]\nprocesses = 1\n")
        return there, await there.to_process(pid)

    there, worker = await asyncio.to_thread(loop.run_until_complete, main())
    there.end()
    await until(lambda: _state(worker) == "Z")
    assert anyio.to_thread.current_default_thread_limiter() is not there.threads
    await asyncio.to_thread(loop.run_until_complete, there.aclose())
    loop.close()


def _state(worker: int) -> str:
    try:
        return Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "Z"
