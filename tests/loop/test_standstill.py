from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from holdfast.loop.standstill import Standstill
from holdfast.loop.starvation import Scheduled

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/schedstat").exists(), reason="the kernel keeps no sched statistics"
)


class Account:
    known = True

    def __init__(self) -> None:
        self.now = Scheduled()

    def read(self) -> Scheduled:
        return self.now

    def close(self) -> None: ...


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture
def standstill(account: Account) -> Standstill:
    standstill = Standstill()
    standstill._mine = account  # type: ignore[assignment]
    standstill.waits()
    return standstill


def test_who_asked_again_and_again_was_kept_from_the_gil(account: Account, standstill: Standstill) -> None:
    account.now = Scheduled(slices=190)
    assert standstill.woke(1.0)
    assert standstill.stopped == 0.0


def test_who_was_never_put_on_a_cpu_was_stopped(account: Account, standstill: Standstill) -> None:
    account.now = Scheduled(slices=2, waited=0.25)
    assert not standstill.woke(10.0)
    assert standstill.stopped == 9.75


def test_who_waited_for_a_cpu_was_not_stopped(account: Account, standstill: Standstill) -> None:
    account.now = Scheduled(slices=2, waited=10.0)
    standstill.woke(10.0)
    assert standstill.stopped == 0.0


def test_in_time_is_nothing(standstill: Standstill) -> None:
    assert not standstill.woke(-1.0)
    assert not standstill.woke(0.001)
    assert standstill.stopped == 0.0


def test_a_thread_that_is_not_judged(account: Account) -> None:
    standstill = Standstill()
    standstill.waits()
    assert standstill.woke(1.0)  # not known otherwise
    standstill.enter()
    standstill.close()
    standstill.close()
    assert standstill.stopped == 0.0


PROGRAM = """
import asyncio
from holdfast.loop.watch import StallWatch

async def main():
    seen = []
    watch = StallWatch(seen.append, threshold=0.05)
    watch.start()
    await asyncio.sleep(0.2)
    seen.clear()
    print("ready", flush=True)
    while not seen or max(s.duration for s in seen) < 0.5:
        await asyncio.sleep(0.01)
    watch.stop()
    stall = max(seen, key=lambda s: s.duration)
    print(stall.cause, repr(stall.file), stall.line)

asyncio.run(main())
"""


def test_a_process_that_was_stopped_blames_no_line() -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.kill(process.pid, signal.SIGSTOP)
        resume = threading.Timer(1.0, os.kill, (process.pid, signal.SIGCONT))
        resume.start()
        said, _ = process.communicate(timeout=30)
        resume.join()
    assert said == "suspended '' 0\n"
