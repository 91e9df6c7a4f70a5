"""The watch on real loops. Stalls here are real; what is asserted is who is named, not how long it took."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import re
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from holdfast.events import StallSeen
from holdfast.loop.watch import StallWatch, running

THRESHOLD = 0.05
LoopFactory = Callable[[], asyncio.AbstractEventLoop]


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def new_loop(request: pytest.FixtureRequest) -> LoopFactory:
    factory: LoopFactory = request.param
    return factory


def run(new_loop: LoopFactory, main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main)


def line(mark: str) -> int:
    lines = Path(__file__).read_text().splitlines()
    return next(i for i, text in enumerate(lines, 1) if text.endswith(f"# {mark}"))


def watched(new_loop: LoopFactory, block: Callable[[], Any], **settings: Any) -> list[StallSeen]:
    """Run `block` on a watched loop, and return the stalls that name a line of this file."""
    seen: list[StallSeen] = []

    async def main() -> None:
        watch = StallWatch(seen.append, threshold=THRESHOLD, **settings)
        watch.start()
        try:
            await asyncio.sleep(0.05)
            blocked = block()
            if asyncio.iscoroutine(blocked):
                await blocked
            await asyncio.sleep(0.05)
        finally:
            watch.stop()

    run(new_loop, main())
    here = str(Path(__file__).relative_to(Path.cwd()))
    return [s for s in seen if s.file == here]


def asleep() -> None:
    time.sleep(0.3)  # asleep


def busy() -> None:
    end = time.thread_time() + 0.3
    while time.thread_time() < end:
        sum(i * i for i in range(500))


def test_a_sleeping_helper_is_named(new_loop: LoopFactory) -> None:
    (stall,) = watched(new_loop, lambda: asleep())
    assert (stall.line, stall.function) == (line("asleep"), "asleep")
    assert stall.sink == f"test_watch.py:{line('asleep')} asleep"
    assert stall.duration > 0.2


def test_a_busy_helper_is_named(new_loop: LoopFactory) -> None:
    stalls = watched(new_loop, lambda: busy())
    assert "busy" in {s.function for s in stalls}


def test_a_driver_in_a_greenlet_is_seen(new_loop: LoopFactory) -> None:
    from sqlalchemy.util import greenlet_spawn

    (stall,) = watched(new_loop, lambda: greenlet_spawn(asleep))
    assert stall.line == line("asleep")


def test_the_parts_of_a_long_stall_touch(new_loop: LoopFactory) -> None:
    def long() -> None:
        time.sleep(1.5)

    stalls = watched(new_loop, long)
    assert len(stalls) == 2
    assert stalls[1].at == pytest.approx(stalls[0].at + stalls[0].duration)
    assert sum(s.duration for s in stalls) > 1.3


def test_an_idle_loop_and_a_busy_thread_beside_it_are_no_stall(new_loop: LoopFactory) -> None:
    async def offloaded() -> None:
        await asyncio.to_thread(time.sleep, 0.3)

    assert watched(new_loop, offloaded) == []


def test_a_c_call_that_holds_the_gil_is_told(new_loop: LoopFactory) -> None:
    seen: list[StallSeen] = []

    def in_c() -> None:
        started = time.monotonic()
        while time.monotonic() - started < 0.2:
            sum(range(20_000_000))

    async def main() -> None:
        watch = StallWatch(seen.append, threshold=THRESHOLD)
        watch.start()
        await asyncio.sleep(0.05)
        in_c()
        await asyncio.sleep(0.05)
        watch.stop()

    run(new_loop, main())
    # The watchdog gets the GIL as the call returns, or after the tick.
    assert sum(s.duration for s in seen) > 0.1
    assert {s.function.rpartition(".")[2] for s in seen} & {"in_c", ""}


def backtrack() -> None:
    pattern, length, spent = re.compile(r"(a+)+$"), 20, 0.0
    while spent < 0.3:
        length, began = length + 1, time.thread_time()
        pattern.match("a" * length + "b")  # backtrack
        spent = time.thread_time() - began


def encode() -> None:
    document = [{"id": number, "of": "x"} for number in range(100_000)]
    for _ in range(4):
        json.dumps(document)  # encode


@pytest.mark.parametrize("block", [backtrack, encode])
def test_a_call_that_held_the_gil_is_named_as_it_returns(
    new_loop: LoopFactory, block: Callable[[], None]
) -> None:
    stalls: list[StallSeen] = []
    for _ in range(10):  # on a busy machine it may be the CPU that was waited for, and no line is blamed
        if stalls := watched(new_loop, lambda: block()):
            break
    longest = max(stalls, key=lambda stall: stall.duration)
    assert (longest.line, longest.function) == (line(block.__name__), block.__name__)
    assert longest.cause == "cpu"


def test_collecting_garbage_is_no_lines_fault(new_loop: LoopFactory) -> None:
    seen: list[StallSeen] = []
    held = [[number] for number in range(1_500_000)]

    async def main() -> None:
        watch = StallWatch(seen.append, threshold=THRESHOLD)
        watch.start()
        await asyncio.sleep(0.1)
        seen.clear()
        for _ in range(4):
            gc.collect()
        await asyncio.sleep(0.1)
        watch.stop()

    run(new_loop, main())
    assert len(held) == 1_500_000
    assert {s.cause for s in seen} <= {"gc", "starved"}  # on a busy machine the rest may outweigh it
    assert all(not s.file and not s.line for s in seen)
    assert seen


def test_a_thread_that_holds_the_gil_is_no_lines_fault(new_loop: LoopFactory) -> None:
    async def beside() -> None:
        await asyncio.to_thread(lambda: 7**1_500_000)

    assert watched(new_loop, beside) == []


def test_a_task_that_sleeps_is_blocked(new_loop: LoopFactory) -> None:
    (stall,) = watched(new_loop, lambda: asleep())
    assert stall.cause == "blocked"


def test_victims_are_those_in_flight(new_loop: LoopFactory) -> None:
    (stall,) = watched(new_loop, lambda: asleep(), in_flight=lambda: 7)
    assert stall.victims == 7  # no request held the loop, so all seven waited


def test_every_tick_beats(new_loop: LoopFactory) -> None:
    beats: list[tuple[float, float]] = []
    watched(new_loop, lambda: asleep(), on_beat=lambda now, lag: beats.append((now, lag)))
    assert beats == sorted(beats, key=lambda beat: beat[0])
    assert max(lag for _, lag in beats) > 0.2


def test_the_process_knows_of_its_watch_and_no_thread_is_left(new_loop: LoopFactory) -> None:
    async def main() -> None:
        watch = StallWatch(lambda stall: None, threshold=THRESHOLD)
        assert not running()
        assert not watch.running()
        assert watch.lag is None
        watch.start()
        watch.start()
        assert running()
        assert watch.running()
        assert watch.lag is not None
        assert [t.name for t in threading.enumerate()].count("holdfast-watchdog") == 1
        watch.stop()
        watch.stop()
        assert not running()
        watch.start()  # it can be used again
        assert running()
        watch.stop()

    # The first uvloop of a process leaves libuv's own pipe for signals behind, once for all of them
    # (uv__signal_global_init).
    new_loop().close()
    before = set(threading.enumerate())
    descriptors = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - Path.iterdir keeps one open
    run(new_loop, main())
    assert set(threading.enumerate()) == before
    assert len(os.listdir("/proc/self/fd")) == descriptors  # noqa: PTH208
    assert not running()


def test_a_loop_that_was_closed_under_its_watch_is_not_watched(new_loop: LoopFactory) -> None:
    watch = StallWatch(lambda stall: None, threshold=THRESHOLD)

    async def main() -> None:
        watch.start()
        assert running()

    loop = new_loop()
    loop.run_until_complete(main())
    loop.close()
    assert not running(), "the next loop gets a watch of its own"
    watch.stop()


def test_a_forked_child_is_not_watched() -> None:
    async def main() -> None:
        watch = StallWatch(lambda stall: None, threshold=THRESHOLD)
        watch.start()
        try:
            child = os.fork()
            if child == 0:
                os._exit(3 if running() or watch.running() else 0)
            assert os.waitpid(child, 0)[1] == 0  # noqa: ASYNC222 - the child ends at once
        finally:
            watch.stop()

    asyncio.run(main())


def test_a_watch_needs_a_loop_and_a_threshold() -> None:
    with pytest.raises(ValueError, match="above 0"):
        StallWatch(lambda stall: None, threshold=0)
    with pytest.raises(RuntimeError, match="no running event loop"):
        StallWatch(lambda stall: None, threshold=THRESHOLD).start()
    assert not running()
