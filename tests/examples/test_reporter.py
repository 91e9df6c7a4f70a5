"""The held form's report: off the loop, one computation for all who ask, and no process left behind."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from pathlib import Path

import pytest

from examples.shop.held import reporter as module
from examples.shop.held.reporter import Reporter, running
from tests.examples.conftest import BUDGET, ROOT, Provider


class Computation:
    """Stands in for `compute`: counts, and returns its number when it is let go."""

    def __init__(self) -> None:
        self.count = 0
        self.go = threading.Event()

    def __call__(self) -> int:
        self.count += 1
        number = self.count
        assert self.go.wait(10)
        return number


@pytest.fixture
def computation(monkeypatch: pytest.MonkeyPatch) -> Iterator[Computation]:
    computation = Computation()
    monkeypatch.setattr(module, "compute", computation)
    monkeypatch.setattr(module, "_process", lambda: ThreadPoolExecutor(1))
    yield computation
    computation.go.set()


async def ask(reporter: Reporter) -> object:
    return await reporter.report()


def run(scenario: Callable[[Reporter], Awaitable[None]]) -> None:
    async def main() -> None:
        async with running() as reporter:
            await scenario(reporter)

    asyncio.run(main())


def test_who_asks_meanwhile_shares_the_computation(computation: Computation) -> None:
    async def scenario(reporter: Reporter) -> None:
        callers = [asyncio.create_task(ask(reporter)) for _ in range(50)]
        await asyncio.sleep(0)
        computation.go.set()
        assert set(await asyncio.gather(*callers)) == {1}
        assert await ask(reporter) == 2  # afterwards it is computed anew

    run(scenario)


def test_who_leaves_takes_the_report_from_nobody(computation: Computation) -> None:
    async def scenario(reporter: Reporter) -> None:
        rng = random.Random(7)
        callers = [asyncio.create_task(ask(reporter)) for _ in range(50)]
        await asyncio.sleep(0)
        left = {0, *rng.sample(range(1, 50), 30)}  # the first one started it
        for number in left:
            callers[number].cancel()
        computation.go.set()
        results = await asyncio.gather(*callers, return_exceptions=True)
        for number, result in enumerate(results):
            assert isinstance(result, asyncio.CancelledError) if number in left else result == 1
        assert computation.count == 1

    run(scenario)


def test_when_all_leave_the_next_one_still_gets_a_report(computation: Computation) -> None:
    async def scenario(reporter: Reporter) -> None:
        callers = [asyncio.create_task(ask(reporter)) for _ in range(5)]
        await asyncio.sleep(0)
        for caller in callers:
            caller.cancel()
        await asyncio.gather(*callers, return_exceptions=True)
        computation.go.set()
        assert await ask(reporter) in (1, 2)

    run(scenario)


def die() -> None:
    os._exit(1)


def one() -> int:
    return 1


def test_a_process_that_dies_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(reporter: Reporter) -> None:
        monkeypatch.setattr(module, "compute", die)
        with pytest.raises(BrokenProcessPool):
            await reporter.report()
        monkeypatch.setattr(module, "compute", one)
        assert await ask(reporter) == 1

    run(scenario)


def test_the_process_dies_with_a_worker_that_is_killed(tmp_path: Path, provider: Provider) -> None:
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{tmp_path}/shop.db",
        "PAYMENTS_URL": provider.url,
        "HOLDFAST_BUDGET": str(BUDGET),
    }
    command = [sys.executable, "-m", "uvicorn", "examples.shop.held:app", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as worker:
        try:
            assert worker.stderr is not None
            line = next(line for line in worker.stderr if "running on" in line)
            address = line.split("running on ")[1].split()[0]
            with urllib.request.urlopen(f"{address}/report", timeout=30) as answer:
                assert answer.status == 200
            children = children_of(worker.pid)
            assert children
            worker.send_signal(signal.SIGKILL)
            worker.wait(10)
            wait_until_gone(children)
        finally:
            worker.kill()


def children_of(pid: int) -> list[int]:
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]


def wait_until_gone(pids: list[int]) -> None:
    limit = time.monotonic() + 20
    while left := [pid for pid in pids if is_running(pid)]:
        assert time.monotonic() < limit, f"still there: {left}"
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False
