"""A call of a thread whose policies run on a loop."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from holdfast.client.threads import Handover, Home, LoopGone
from holdfast.clock import monotonic
from holdfast.errors import UsageError
from holdfast.policy import deadline
from holdfast.policy.deadline import ambient
from holdfast.policy.retry import attempt_above, layer

PATIENCE = 30.0


@pytest.fixture
def home() -> Iterator[Home]:
    made = Home()
    yield made
    made.close()


def test_the_work_is_done_by_the_thread_and_the_rest_by_the_loop(home: Home) -> None:
    async def call(thread: Handover[Any]) -> Any:
        here = threading.get_ident()
        first = await thread.do(threading.get_ident)
        await asyncio.sleep(0)
        return here, first, await thread.do(threading.get_ident)

    on_loop, first, second = home.call(call)
    assert first == second == threading.get_ident() != on_loop


def test_what_the_work_raises_is_raised_on_the_loop_and_what_the_call_raises_here(home: Home) -> None:
    async def call(thread: Handover[Any]) -> Any:
        try:
            await thread.do(lambda: 1 / 0)
        except ZeroDivisionError as error:
            raise KeyError("mine") from error

    with pytest.raises(KeyError, match="mine"):
        home.call(call)


def test_stop_iteration_becomes_what_coroutines_make_of_it(home: Home) -> None:
    async def call(thread: Handover[Any]) -> Any:
        return await thread.do(lambda: next(iter(())))

    with pytest.raises(RuntimeError, match="StopIteration"):
        home.call(call)


def test_what_ends_the_thread_goes_on_and_cancels_the_call(home: Home) -> None:
    ended = threading.Event()

    async def call(thread: Handover[Any]) -> Any:
        try:
            await thread.do(_interrupted)
        finally:
            ended.set()

    with pytest.raises(KeyboardInterrupt):
        home.call(call)
    assert ended.wait(PATIENCE)


def _interrupted() -> None:
    raise KeyboardInterrupt


def test_deadline_and_retry_mark_cross_in_both_directions(home: Home) -> None:
    async def call(thread: Handover[Any]) -> Any:
        above, at = attempt_above(), ambient.at()
        token = layer.retried(2)
        try:
            return above, at, *await thread.do(lambda: (attempt_above(), ambient.at()), 0.5)
        finally:
            layer.restore(token)

    at = monotonic() + 100
    token = deadline.tighten(at)
    mark = layer.retried(3)
    try:
        above, there, below, left = home.call(call)
        assert (above, there, below) == (3, at, 2)
        assert left < at  # what an attempt may take is less
        assert (attempt_above(), ambient.at()) == (3, at)
    finally:
        layer.restore(mark)
        deadline.restore(token)


def test_a_call_that_is_cut_waits_until_the_thread_is_back(home: Home) -> None:
    order: list[str] = []
    begun, go_on = threading.Event(), threading.Event()

    def work() -> str:
        begun.set()
        assert go_on.wait(PATIENCE)
        order.append("back")
        return "late"

    async def call(thread: Handover[Any]) -> Any:
        task = asyncio.ensure_future(thread.do(work, discard=order.append))
        await asyncio.to_thread(begun.wait, PATIENCE)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()  # whoever else asks
        assert not (await asyncio.wait((task,), timeout=0))[0]
        go_on.set()
        await asyncio.wait((task,))
        order.append("ended")
        return task.cancelled()

    assert home.call(call) is True
    assert order == ["back", "late", "ended"]


def test_an_order_that_nobody_began_is_withdrawn(home: Home) -> None:
    done: list[int] = []

    async def call(thread: Handover[Any]) -> Any:
        first = asyncio.ensure_future(thread.do(lambda: done.append(1)))
        await first
        gate = threading.Event()
        busy = asyncio.ensure_future(thread.do(lambda: gate.wait(PATIENCE)))
        second = asyncio.ensure_future(thread.do(lambda: done.append(2)))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.wait((second,))
        gate.set()
        await busy

    home.call(call)
    assert done == [1]


def test_on_a_loop_it_would_block_and_says_so(home: Home) -> None:
    async def main() -> None:
        with pytest.raises(UsageError, match="a blocking call on the event loop"):
            home.call(lambda thread: asyncio.sleep(0))

    asyncio.run(main())


def test_it_runs_on_the_apps_loop_while_there_is_one(home: Home) -> None:
    async def here(thread: Handover[Any]) -> Any:
        return asyncio.get_running_loop()

    async def main() -> None:
        home.begin()
        loop = asyncio.get_running_loop()
        assert await asyncio.to_thread(home.call, here) is loop
        home.end()
        assert await asyncio.to_thread(home.call, here) is not loop

    asyncio.run(main())


def test_a_loop_that_is_closing_leaves_no_thread_behind(home: Home) -> None:
    raised: list[BaseException] = []

    async def forever(thread: Handover[Any]) -> Any:
        started.set()
        await asyncio.Event().wait()

    def thread() -> None:
        try:
            home.call(forever)
        except BaseException as error:  # noqa: BLE001 - it is what the test is about
            raised.append(error)

    async def main() -> None:
        home.begin()
        waiting.start()
        await asyncio.to_thread(started.wait, PATIENCE)

    started, waiting = threading.Event(), threading.Thread(target=thread)
    asyncio.run(main())
    waiting.join(PATIENCE)
    assert not waiting.is_alive()
    assert [type(error) for error in raised] == [LoopGone]


def test_a_fork_has_a_background_of_its_own() -> None:
    code = """
import os
from holdfast.client.threads import Home

async def pid(thread):
    return os.getpid()

home = Home()
assert home.call(pid) == os.getpid()
child = os.fork()
assert home.call(pid) == os.getpid()
if not child:
    os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
"""
    ran = subprocess.run([sys.executable, "-c", code], timeout=PATIENCE, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
