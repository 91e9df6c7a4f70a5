from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from holdfast.gate.fault.line import END, Line


class Timer:
    def __init__(self, at: float, call: Callable[[], None]) -> None:
        self.at, self.call = at, call

    def cancel(self) -> None:
        self.at = float("inf")


class Clockwork:
    """A loop with timers only, in virtual time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[Timer] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        self.timers.append(Timer(when, callback))
        return self.timers[-1]

    def go(self, until: float) -> None:
        while due := [timer for timer in self.timers if timer.at <= until]:
            first = min(due, key=lambda timer: timer.at)
            self.timers.remove(first)
            self.now = max(self.now, first.at)
            first.call()
        self.now = until


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 2)), min_size=1, max_size=30))
def test_order_is_kept_and_nothing_comes_early_or_later_than_the_latest_before_it(
    puts: list[tuple[float, float]],
) -> None:
    loop = Clockwork()
    got: list[tuple[float, bytes]] = []
    line = Line(cast(asyncio.AbstractEventLoop, loop), lambda data: got.append((loop.now, data)))
    due: list[float] = []
    at = 0.0
    for number, (pause, delay) in enumerate(puts):
        at += pause
        loop.go(at)
        line.put(b"%03d" % number, delay)
        due.append(at + delay)
    loop.go(at + 10)
    assert [data for _, data in got] == [b"%03d" % number for number in range(len(puts))]
    for number, (when, _) in enumerate(got):
        assert when >= due[number] - 0.002
        assert when <= max(due[: number + 1]) + 1e-9
    assert line.size == 0
    assert not line


def test_flush_delivers_and_drop_forgets() -> None:
    loop = Clockwork()
    got: list[bytes] = []
    line = Line(cast(asyncio.AbstractEventLoop, loop), got.append)
    line.put(b"a", 1)
    line.put(END, 1)
    line.flush()
    assert got == [b"a", END]
    assert not line.drop()
    line.put(b"b", 1)
    assert line.drop()
    loop.go(5)
    assert got == [b"a", END]


def test_dropping_while_delivering_ends_the_delivery() -> None:
    loop = Clockwork()
    got: list[bytes] = []

    def deliver(data: bytes) -> None:
        got.append(data)
        line.drop()

    line = Line(cast(asyncio.AbstractEventLoop, loop), deliver)
    line.put(b"a", 1)
    line.put(b"b", 1)
    loop.go(5)
    assert got == [b"a"]
