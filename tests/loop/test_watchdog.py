"""The watchdog's decisions: looks are made by hand, in virtual time, on a probe that is told what to say."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from types import CodeType

import pytest

from holdfast.clock import VirtualClock
from holdfast.events import StallSeen
from holdfast.loop.detector import StallDetector
from holdfast.loop.lag import Late
from holdfast.loop.place import STARVED, UNSEEN
from holdfast.loop.watchdog import Watchdog


class FakeProbe:
    def __init__(self) -> None:
        self.due = 100.0
        self.late: deque[Late] = deque()
        self.base: CodeType = FakeProbe.__init__.__code__  # on no stack: this test's frames are the loop's
        self.runs = True

    def task(self) -> None:
        return None

    def is_running(self) -> bool:
        return self.runs

    def ticks_late(self, at: float, due: float) -> None:
        self.late.append(Late(self.due, at))
        self.due = due


class FakeDelay:
    def __init__(self) -> None:
        self.waited = self.on_cpu = 0.0
        self.slices = 0
        self.at_lock: bool | None = None
        self.tells_calls = False

    def raw(self) -> bytes:
        return b"%d %d %d" % (self.on_cpu * 1e9, self.waited * 1e9, self.slices)

    def locked(self) -> bool | None:
        return self.at_lock

    def close(self) -> None: ...


class Bench:
    def __init__(self) -> None:
        self.clock = VirtualClock(100.0)
        self.probe = FakeProbe()
        self.delay = FakeDelay()
        self.seen: list[StallSeen] = []
        self.in_flight: Callable[[], int] = lambda: 4
        self.watchdog = Watchdog(
            self.probe,  # type: ignore[arg-type]
            StallDetector(0.05),
            self.seen.append,
            in_flight=lambda: self.in_flight(),
            now=self.clock,
        )
        self.watchdog._delay.close()
        self.watchdog._delay = self.delay  # type: ignore[assignment]
        self.watchdog._account._delay = self.delay  # type: ignore[assignment]
        self.watchdog._account.begin()

    def look_at(self, now: float) -> None:
        self.clock.advance(now - self.clock())
        self.watchdog.look()


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.watchdog.stop()


def test_a_stall_is_told_with_the_stack_that_was_seen(bench: Bench) -> None:
    bench.look_at(100.04)
    bench.look_at(100.06)
    bench.probe.ticks_late(100.25, 100.27)
    bench.look_at(100.26)
    (stall,) = bench.seen
    assert (stall.at, stall.duration) == (100.0, pytest.approx(0.25))
    assert stall.function == "Bench.look_at"  # its innermost own frame: watchdog.py is not the service's
    assert stall.sink.startswith("watchdog.py:")
    assert stall.victims == 4


def test_a_late_tick_below_the_threshold_is_not_told(bench: Bench) -> None:
    bench.look_at(100.04)
    bench.probe.due = 100.06
    bench.look_at(100.05)
    assert bench.seen == []


def test_a_stall_without_a_sample_is_told_as_unseen(bench: Bench) -> None:
    bench.look_at(100.0)
    bench.probe.ticks_late(103.0, 103.02)
    bench.look_at(103.01)
    (stall,) = bench.seen
    assert (stall.sink, stall.file, stall.duration) == (UNSEEN.sink, "", 3.0)


def test_several_late_ticks_between_two_looks_are_each_told(bench: Bench) -> None:
    bench.probe.ticks_late(101.0, 101.02)
    bench.probe.ticks_late(101.5, 101.52)
    bench.look_at(101.51)
    assert [(s.at, s.duration) for s in bench.seen] == [(100.0, 1.0), (101.02, pytest.approx(0.48))]


def test_a_stack_seen_just_before_the_tick_counts(bench: Bench) -> None:
    bench.clock.advance(0.06)
    bench.watchdog._glance()
    bench.probe.ticks_late(100.07, 100.09)
    bench.look_at(100.08)
    (stall,) = bench.seen
    assert stall.sink.startswith("watchdog.py:")
    assert bench.watchdog._stall.seen is None  # its frames are let go


def test_collecting_garbage_blames_no_line(bench: Bench) -> None:
    bench.look_at(100.06)
    bench.watchdog._garbage._paused = (0.16, None)
    bench.probe.ticks_late(100.2, 100.22)
    bench.look_at(100.21)
    (stall,) = bench.seen
    assert (stall.cause, stall.file, stall.line) == ("gc", "", 0)


def test_a_process_that_stood_still_blames_no_line(bench: Bench) -> None:
    bench.look_at(100.06)
    bench.watchdog._standstill.stopped += 9.96
    bench.probe.ticks_late(110.0, 110.02)
    bench.look_at(110.01)
    assert [s.cause for s in bench.seen] == ["suspended"]


def test_computing_and_waiting_are_told_apart(bench: Bench) -> None:
    for on_cpu, cause in ((0.9, "cpu"), (0.0, "blocked")):
        due = bench.probe.due
        bench.look_at(due + 0.06)
        bench.delay.on_cpu += on_cpu
        bench.probe.ticks_late(due + 1.0, due + 1.02)
        bench.look_at(due + 1.01)
        assert bench.seen[-1].cause == cause


def test_who_waits_for_the_gil_is_starved_and_who_makes_many_short_calls_is_not(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = 50.0
    monkeypatch.setattr("time.process_time", lambda: process)
    for at_lock, tells, others, cause in (
        (True, True, 0.4, "starved"),
        (None, True, 0.4, "starved"),
        (True, True, 0.1, "blocked"),
        (False, True, 0.9, "blocked"),
        (None, False, 0.7, "starved"),
        (None, False, 0.4, "blocked"),
    ):
        due = bench.probe.due
        bench.look_at(due)
        bench.delay.at_lock, bench.delay.tells_calls = at_lock, tells
        bench.look_at(due + 0.06)
        bench.delay.slices += 200
        process += others
        bench.probe.ticks_late(due + 1.0, due + 1.02)
        bench.look_at(due + 1.01)
        assert bench.seen[-1].cause == cause, (at_lock, others)


def test_a_long_stall_is_told_with_its_stack(bench: Bench) -> None:
    bench.look_at(101.0)
    (stall,) = bench.seen
    assert stall.stack[0].endswith("Watchdog._glance")
    assert any("Bench.look_at" in step for step in stall.stack)


def test_a_loop_that_waited_for_the_cpu_blames_no_line(bench: Bench) -> None:
    bench.look_at(100.0)
    bench.look_at(100.06)
    bench.delay.waited = 0.18
    bench.probe.ticks_late(100.2, 100.22)
    bench.look_at(100.21)
    (stall,) = bench.seen
    assert (stall.sink, stall.line, stall.duration) == (STARVED.sink, 0, pytest.approx(0.2))


def test_slow_code_is_blamed_though_it_waited_too(bench: Bench) -> None:
    bench.look_at(100.0)
    bench.look_at(100.06)
    bench.delay.waited = 0.1
    bench.probe.ticks_late(100.2, 100.22)
    bench.look_at(100.21)
    assert bench.seen[0].function == "Bench.look_at"


def test_what_was_waited_before_counts_for_no_later_stall(bench: Bench) -> None:
    bench.delay.waited = 5.0
    bench.look_at(100.0)
    bench.look_at(100.06)
    bench.probe.ticks_late(100.2, 100.22)
    bench.look_at(100.21)
    assert bench.seen[0].function == "Bench.look_at"


def test_a_long_stall_is_told_in_parts_that_add_up(bench: Bench) -> None:
    for now in (100.5, 101.0, 101.5, 102.0, 103.0):
        bench.look_at(now)
    assert [(s.at, s.duration) for s in bench.seen] == [(100.0, 1.0), (101.0, 1.0)]
    bench.probe.ticks_late(103.5, 103.52)
    bench.look_at(103.51)
    assert sum(s.duration for s in bench.seen) == pytest.approx(3.5)
    assert [s.victims for s in bench.seen] == [4, 0, 0]
    assert {s.function for s in bench.seen} == {"Bench.look_at"}


def test_a_part_without_samples_keeps_the_place_of_the_one_before(bench: Bench) -> None:
    bench.look_at(101.0)
    bench.probe.ticks_late(101.3, 101.32)
    bench.look_at(101.31)
    assert [s.function for s in bench.seen] == ["Bench.look_at"] * 2


def test_a_loop_that_nobody_runs_does_not_stall(bench: Bench) -> None:
    bench.probe.runs = False
    bench.look_at(105.0)
    bench.probe.runs = True
    bench.probe.ticks_late(106.0, 106.02)
    bench.look_at(106.01)
    assert bench.seen == []


def test_a_watch_that_fails_says_so_once_and_goes_on(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> int:
        raise RuntimeError("broken")

    bench.in_flight = broken
    bench.clock.advance(0.06)
    with caplog.at_level(logging.ERROR, "holdfast"):
        bench.watchdog._guarded()
        bench.watchdog._guarded()
    assert len(caplog.records) == 1


def test_stopping_what_never_started_is_nothing(bench: Bench) -> None:
    bench.watchdog.stop()
    assert not bench.watchdog.is_alive()
