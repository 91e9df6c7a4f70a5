from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.gate.drive.timer import LoopTimer, Timer, TimerFd
from tests.gate.drive.servers import on_uvloop

TIMERS = [
    pytest.param(TimerFd, marks=pytest.mark.skipif(sys.platform != "linux", reason="timerfd is Linux")),
    LoopTimer,
]
Make = Callable[[asyncio.AbstractEventLoop, Callable[[], None]], Timer]


@pytest.mark.parametrize("make", TIMERS)
def test_goes_off_in_order_never_early_and_not_after_close(make: Make) -> None:
    early: list[int] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        fired = asyncio.Event()
        due = 0

        def callback() -> None:
            early.append(min(0, time.monotonic_ns() - due))
            timer.disarm()
            fired.set()

        timer = make(loop, callback)
        for delay in (0, 3_000_000, -5_000_000):
            due = time.monotonic_ns() + delay
            timer.arm(due)
            await fired.wait()
            fired.clear()
        timer.arm(time.monotonic_ns() + 1_000_000)
        timer.disarm()
        timer.arm(time.monotonic_ns() + 1_000_000)
        timer.close()
        timer.close()
        await asyncio.sleep(0.01)

    on_uvloop(main())
    # The loop's own timer counts whole milliseconds.
    assert len(early) == 3
    assert min(early) >= (0 if make is TimerFd else -1_000_000)


@pytest.mark.parametrize("make", TIMERS)
def test_a_time_beyond_the_end_of_the_schedule_can_be_armed(make: Make) -> None:
    async def main() -> None:
        timer = make(asyncio.get_running_loop(), lambda: None)
        timer.arm(time.monotonic_ns() + 2**62)
        timer.close()

    on_uvloop(main())


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="timerfd is Linux")
def test_the_descriptor_is_closed() -> None:
    async def main() -> None:
        before = descriptors()
        timer = TimerFd(asyncio.get_running_loop(), lambda: None)
        assert descriptors() == before + 1
        timer.close()
        assert descriptors() == before

    on_uvloop(main())
