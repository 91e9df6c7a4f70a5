from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.policy.deadline import Wheel, current
from holdfast.policy.deadline.wheel import TICK
from tests.policy.virtual_loop import run_virtual

LATE = TICK + 0.002  # a tick, and the slack of the arming


def test_fires_once_never_early_and_at_most_a_tick_late(virtual: Any) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        fired: list[tuple[float, float]] = []
        for delay in (0.0, 0.001, 0.005, 0.0101, 0.4, 2.0, 3600.0):
            at = loop.time() + delay
            current().schedule(at, lambda at=at: fired.append((at, loop.time())))
        await asyncio.sleep(4000)
        assert len(fired) == 7
        assert all(at <= when <= at + LATE for at, when in fired)

    virtual(main())


@given(
    st.lists(st.tuples(st.floats(-1, 30), st.none() | st.floats(0, 30)), max_size=40),
)
def test_each_fires_exactly_once_unless_cancelled_before(plan: list[tuple[float, float | None]]) -> None:
    async def main() -> None:
        loop, wheel = asyncio.get_running_loop(), current()
        start, fired = loop.time(), {}

        def fire(index: int) -> None:
            assert index not in fired
            fired[index] = loop.time() - start

        entries = [wheel.schedule(start + at, lambda i=i: fire(i)) for i, (at, _) in enumerate(plan)]
        for entry, (_, cancel) in zip(entries, plan, strict=True):
            if cancel is not None:
                loop.call_at(start + cancel, entry.cancel)
        await asyncio.sleep(40)
        for index, (at, cancel) in enumerate(plan):
            if cancel is None or cancel > max(at, 0) + LATE:
                assert max(at, 0) <= fired[index] <= max(at, 0) + LATE
            elif cancel < at:
                assert index not in fired
        assert wheel.waiting() == 0
        assert not wheel.armed()

    run_virtual(main())


def test_an_idle_wheel_sleeps(virtual: Any) -> None:
    async def main() -> None:
        wheel, now = current(), asyncio.get_running_loop().time()
        entries = [wheel.schedule(now + 1 + i / 10, lambda: None) for i in range(20)]
        assert wheel.armed()
        for entry in entries:
            wheel.cancel(entry)
            entry.cancel()  # again: harmless
        assert wheel.waiting() == 0
        await asyncio.sleep(1.1)  # one wake-up finds them all gone
        assert not wheel.armed()

    virtual(main())


def test_an_earlier_entry_is_not_late_for_a_later_one(virtual: Any) -> None:
    async def main() -> None:
        loop, fired = asyncio.get_running_loop(), []
        current().schedule(loop.time() + 10, lambda: fired.append("late"))
        current().schedule(loop.time() + 1, lambda: fired.append("early"))
        await asyncio.sleep(1.1)
        assert fired == ["early"]

    virtual(main())


def test_one_may_cancel_another_of_its_tick(virtual: Any) -> None:
    async def main() -> None:
        at, fired = asyncio.get_running_loop().time() + 1, []
        current().schedule(at, lambda: (fired.append(1), second.cancel()))
        second = current().schedule(at, lambda: fired.append(2))
        await asyncio.sleep(2)
        assert fired == [1]

    virtual(main())


def test_one_that_raises_takes_no_other_with_it(virtual: Any) -> None:
    async def main() -> None:
        loop, fired, heard = asyncio.get_running_loop(), [], []
        loop.set_exception_handler(lambda _, context: heard.append(context["exception"]))
        current().schedule(loop.time() + 1, lambda: 1 / 0)
        current().schedule(loop.time() + 1, lambda: fired.append(2))
        await asyncio.sleep(2)
        assert fired == [2]
        assert [type(error) for error in heard] == [ZeroDivisionError]

    virtual(main())


def test_one_that_schedules_itself_in_the_past_lets_the_loop_live(virtual: Any) -> None:
    async def main() -> None:
        loop, count = asyncio.get_running_loop(), 0

        def again() -> None:
            nonlocal count
            count += 1
            if count < 50:
                current().schedule(loop.time() - 1, again)

        current().schedule(loop.time(), again)
        await asyncio.sleep(1)
        assert count == 50

    virtual(main())


def test_one_wheel_a_loop() -> None:
    async def mine() -> Wheel:
        assert current() is current()
        return current()

    wheels: list[Wheel] = []
    thread = threading.Thread(target=lambda: wheels.append(asyncio.run(mine())))
    thread.start()
    thread.join()
    assert asyncio.run(mine()) is not wheels[0]


def test_a_closed_loop_is_let_go_when_the_next_one_asks() -> None:
    async def main() -> weakref.ref[Any]:
        current().schedule(asyncio.get_running_loop().time() + 100, lambda: None)
        return weakref.ref(asyncio.get_running_loop())

    gone = asyncio.run(main())
    asyncio.run(main())
    gc.collect()
    assert gone() is None


def test_needs_a_loop() -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        current()


def test_on_uvloop() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def main() -> None:
        loop, fired = asyncio.get_running_loop(), loop_event()
        at = loop.time() + 0.02
        current().schedule(at, lambda: fired.set_result(loop.time()))
        assert await fired >= at

    def loop_event() -> asyncio.Future[float]:
        return asyncio.get_running_loop().create_future()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
