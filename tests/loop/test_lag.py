from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
import uvloop

from holdfast.clock import VirtualClock
from holdfast.loop.lag import LagProbe, Late


class FakeLoop:
    """Runs a callback when told to."""

    def __init__(self) -> None:
        self.armed: list[tuple[float, Callable[[], None]]] = []
        self.cancelled = 0

    def call_later(self, delay: float, callback: Callable[[], None]) -> FakeLoop:
        self.armed.append((delay, callback))
        return self

    def cancel(self) -> None:
        self.cancelled += 1

    def tick(self) -> None:
        self.armed.pop()[1]()


@pytest.fixture
def loop() -> FakeLoop:
    return FakeLoop()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(100.0)


@pytest.fixture
def beats() -> list[tuple[float, float]]:
    return []


@pytest.fixture
def probe(loop: FakeLoop, clock: VirtualClock, beats: list[tuple[float, float]]) -> LagProbe:
    probe = LagProbe(
        loop,  # type: ignore[arg-type]
        0.02,
        late_above=0.05,
        on_beat=lambda now, lag: beats.append((now, lag)),
        now=clock,
    )
    probe.start()
    return probe


def test_a_tick_in_time_has_no_lag(probe: LagProbe, loop: FakeLoop, clock: VirtualClock) -> None:
    assert probe.due == pytest.approx(100.02)
    clock.advance(0.02)
    loop.tick()
    assert probe.current == pytest.approx(0.0)
    assert probe.due == pytest.approx(100.04)
    assert not probe.late


def test_a_tick_that_comes_early_has_no_negative_lag(
    probe: LagProbe, loop: FakeLoop, clock: VirtualClock
) -> None:
    clock.advance(0.019)  # uvloop rounds to milliseconds
    loop.tick()
    assert probe.current == 0.0


def test_a_late_tick_is_measured_and_kept(
    probe: LagProbe, loop: FakeLoop, clock: VirtualClock, beats: list[tuple[float, float]]
) -> None:
    clock.advance(0.32)
    loop.tick()
    assert probe.current == pytest.approx(0.3)
    assert [(round(due, 6), at) for due, at in probe.late] == [Late(100.02, 100.32)]
    assert beats == [(100.32, pytest.approx(0.3))]


def test_a_little_late_is_no_stall(probe: LagProbe, loop: FakeLoop, clock: VirtualClock) -> None:
    clock.advance(0.06)
    loop.tick()
    assert probe.current == pytest.approx(0.04)
    assert not probe.late


def test_a_late_tick_is_late_lately_for_a_second_at_most(
    probe: LagProbe, loop: FakeLoop, clock: VirtualClock
) -> None:
    clock.advance(1.02)
    loop.tick()
    for _ in range(20):  # 0.4 s
        clock.advance(0.02)
        loop.tick()
        assert probe.lately == pytest.approx(1.0)
    for _ in range(35):  # 1.1 s in all
        clock.advance(0.02)
        loop.tick()
    assert probe.lately == pytest.approx(0.0)
    assert probe.peak > 0.8


def test_the_peak_decays(probe: LagProbe, loop: FakeLoop, clock: VirtualClock) -> None:
    clock.advance(1.02)
    loop.tick()
    for _ in range(500):
        clock.advance(0.02)
        loop.tick()
    assert probe.peak == pytest.approx(1.0 / 2.718, rel=0.01)  # 10 s later
    assert probe.current == pytest.approx(0.0)


def test_a_beat_that_fails_stops_no_tick(loop: FakeLoop, clock: VirtualClock) -> None:
    def fail(now: float, lag: float) -> None:
        raise RuntimeError("broken")

    probe = LagProbe(loop, 0.02, late_above=0.05, on_beat=fail, now=clock)  # type: ignore[arg-type]
    probe.start()
    with pytest.raises(RuntimeError):
        loop.tick()
    assert len(loop.armed) == 1


def test_starting_twice_is_once_and_stopping_cancels(probe: LagProbe, loop: FakeLoop) -> None:
    probe.start()
    assert len(loop.armed) == 1
    probe.stop()
    probe.stop()
    assert loop.cancelled == 1
    assert probe.due == float("inf")


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_the_base_is_the_code_that_runs_the_loop(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def ticks() -> LagProbe:
        ticked = asyncio.Event()
        probe = LagProbe(
            asyncio.get_running_loop(), 0.001, late_above=9.0, on_beat=lambda now, lag: ticked.set()
        )
        probe.start()
        await ticked.wait()
        probe.stop()
        return probe

    def run_it() -> LagProbe:
        loop = new_loop()
        try:
            return loop.run_until_complete(ticks())
        finally:
            loop.close()

    base = run_it().base.co_name
    assert base == ("run_it" if new_loop is uvloop.new_event_loop else "_run_once")
