"""One app's part in a drain, in virtual time: order, time limits, and cancellation at any moment."""

from __future__ import annotations

import asyncio
import random

import pytest

from holdfast.service.drain.drain import Drain
from holdfast.service.drain.draining import Draining
from holdfast.service.drain.here import entered, here, left
from tests.policy.virtual_loop import run_virtual


class Open:
    """Streams that end a while after they are asked to; some never do."""

    def __init__(self, streams: int = 0, websockets: int = 0, *, takes: float = 0.1) -> None:
        self.streams = streams
        self.websockets = websockets
        self.takes = takes
        self.asked = 0

    def __len__(self) -> int:
        return self.streams + self.websockets

    def end(self) -> None:
        self.asked += 1
        asyncio.get_running_loop().call_later(self.takes, self.gone)

    def gone(self) -> None:
        self.streams = self.websockets = 0


def made(in_flight: list[int], streams: Open | None = None, **options: object) -> Drain:
    loop = asyncio.get_running_loop()
    return Drain(lambda: in_flight[0], streams, now=loop.time, **options)  # type: ignore[arg-type]


def test_requests_first_then_streams_then_what_runs_beside() -> None:
    order: list[str] = []

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        began, in_flight, streams = loop.time(), [3], Open(streams=1, websockets=2)

        def plain() -> None:
            order.append("told")

        async def beside() -> None:
            await drain.draining.wait()
            await asyncio.sleep(0.3)
            order.append("beside")

        drain = made(in_flight, streams, callbacks=[plain])
        work = drain.background(beside())
        assert drain.requests == 2, "a stream is none"
        loop.call_later(1.0, in_flight.__setitem__, 0, 1)
        drain.announce()
        assert drain.leaving
        assert not drain.draining.is_set()
        assert await drain.finish(loop.time() + 10)
        order.append("finished")
        assert await drain.end_streams(loop.time() + 5)
        order.append("ended")
        drain.background_until = loop.time() + 5
        await drain.stop_background()
        assert work.done()
        assert await drain.end_streams(loop.time() + 5), "again, and nothing happens"
        assert streams.asked == 1
        assert loop.time() == pytest.approx(began + 1.3, abs=0.1)

    run_virtual(scenario())
    assert order == ["finished", "told", "ended", "beside"]


def test_what_takes_too_long_is_not_waited_for() -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        began, drain = loop.time(), made([1], Open(websockets=1, takes=99))

        async def never() -> None:
            await asyncio.sleep(99)

        work = drain.background(never())
        assert not await drain.finish(loop.time() + 2)
        assert not await drain.end_streams(loop.time() + 1)
        drain.background_until = loop.time() + 0.5
        await drain.stop_background()
        assert work.cancelled()
        assert loop.time() == pytest.approx(began + 3.5, abs=0.3)

    run_virtual(scenario())


def test_a_callback_that_fails_or_hangs_keeps_nobody(caplog: pytest.LogCaptureFixture) -> None:
    called: list[str] = []

    def fails() -> None:
        raise RuntimeError("no")

    async def fails_later() -> None:
        raise RuntimeError("not later either")

    async def hangs() -> None:
        await asyncio.sleep(99)

    def works() -> None:
        called.append("works")

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        streams = Open(streams=1)
        drain = made([0], streams, callbacks=[fails, fails_later, hangs, works])
        began = loop.time()
        assert not await drain.end_streams(began + 1)
        assert len(streams) == 0
        assert loop.time() < began + 2

    run_virtual(scenario())
    assert called == ["works"]
    assert caplog.text.count("a callback of on_drain failed") == 2


def test_cancelled_at_any_moment_it_can_be_gone_on_with() -> None:
    async def once(chance: random.Random) -> None:
        loop = asyncio.get_running_loop()
        in_flight, streams = [2], Open(streams=1)
        drain = made(in_flight, streams, callbacks=[lambda: asyncio.sleep(0.2)])
        work = drain.background(asyncio.sleep(0.5))
        loop.call_later(0.4, in_flight.__setitem__, 0, 1)

        async def leave() -> None:
            await drain.finish(loop.time() + 5)
            await drain.end_streams(loop.time() + 5)
            await drain.stop_background()

        first = asyncio.ensure_future(leave())
        await asyncio.sleep(chance.random())
        first.cancel()
        await asyncio.wait([first])
        await leave()
        assert drain.draining.is_set()
        assert work.done()
        assert len(asyncio.all_tasks()) == 1, "nothing is left running"

    async def scenario() -> None:
        for seed in range(60):
            await once(random.Random(seed))

    run_virtual(scenario())


def test_draining_speaks_of_the_present_run() -> None:
    events: list[asyncio.Event | None] = [None]
    draining = Draining(lambda: events[0])
    assert not draining.is_set()
    with pytest.raises(RuntimeError):
        asyncio.run(draining.wait())
    events[0] = asyncio.Event()
    assert not draining.is_set()
    events[0].set()
    assert draining.is_set()
    asyncio.run(draining.wait())


def test_a_process_knows_the_drains_of_its_apps() -> None:
    drain = Drain()
    before = here()
    entered(drain)
    assert here() == (*before, drain)
    left(drain)
    left(drain)
    assert here() == before
