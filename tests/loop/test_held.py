from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

from holdfast.clock import VirtualClock
from holdfast.loop.held import Held, Meter, measured

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def new_loop(request: pytest.FixtureRequest) -> LoopFactory:
    factory: LoopFactory = request.param
    return factory


def run(new_loop: LoopFactory, main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main)


class Bench:
    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.noted: list[tuple[float, float]] = []

    def held(self, inner: Coroutine[Any, Any, None]) -> Held:
        return Held(inner, lambda total, longest: self.noted.append((total, longest)), self.clock)


def test_the_steps_are_added_up_and_waiting_is_not(new_loop: LoopFactory) -> None:
    bench = Bench()

    async def work() -> None:
        bench.clock.advance(1.0)
        await asyncio.sleep(0)
        bench.clock.advance(3.0)
        await asyncio.get_running_loop().run_in_executor(None, lambda: bench.clock.advance(0.0))
        bench.clock.advance(2.0)

    async def main() -> None:
        await bench.held(work())

    run(new_loop, main())
    assert bench.noted == [(6.0, 3.0)]


def test_errors_pass(new_loop: LoopFactory) -> None:
    bench = Bench()

    async def work() -> None:
        await asyncio.sleep(0)
        raise ValueError("its own")

    async def main() -> None:
        with pytest.raises(ValueError, match="its own"):
            await bench.held(work())

    run(new_loop, main())
    assert len(bench.noted) == 1


def test_a_cancellation_reaches_what_is_awaited(new_loop: LoopFactory) -> None:
    bench, seen = Bench(), []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            seen.append("cancelled")
            await asyncio.sleep(0)
            seen.append("cleaned up")
            raise

    async def whole() -> None:
        await bench.held(work())

    async def main() -> None:
        task = asyncio.ensure_future(whole())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(new_loop, main())
    assert seen == ["cancelled", "cleaned up"]
    assert len(bench.noted) == 1


def test_a_timeout_inside_works(new_loop: LoopFactory) -> None:
    bench = Bench()

    async def work() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await asyncio.sleep(60)

    async def main() -> None:
        await bench.held(work())

    run(new_loop, main())
    assert len(bench.noted) == 1


def test_what_awaits_what_can_be_followed() -> None:
    bench = Bench()

    async def work() -> None:
        await asyncio.sleep(0)

    async def whole(held: Held) -> None:
        await held

    inner = work()
    outer = whole(bench.held(inner))
    outer.send(None)
    assert outer.cr_await.cr_await is inner  # type: ignore[union-attr]
    outer.close()
    assert inner.cr_frame is None


def test_gaps_are_as_long_as_they_should_be_on_average_and_at_random() -> None:
    meter = Meter(every=8, seed=1)
    gaps = [meter.gap() for _ in range(10_000)]
    assert set(gaps) == set(range(1, 16))
    assert 7.5 < sum(gaps) / len(gaps) < 8.5


def test_only_coroutines_are_measured() -> None:
    async def work() -> None:
        pass

    async def main() -> None:
        future = asyncio.get_running_loop().create_future()
        future.set_result(None)
        assert measured(future, lambda total, longest: None) is future
        noted: list[float] = []
        await measured(work(), lambda total, longest: noted.append(total))
        assert len(noted) == 1

    asyncio.run(main())
