from __future__ import annotations

import asyncio
import contextvars
import math
import random
import threading
from collections.abc import AsyncIterator, Awaitable, Callable

import anyio
import anyio.from_thread
import anyio.to_thread
import pytest
from starlette.concurrency import run_in_threadpool

import holdfast
from holdfast.deadline import remaining
from holdfast.errors import DeadlineExceeded, OffloadFull
from holdfast.loop.offload import installed
from holdfast.loop.offload.threads import Threads, current, to_thread
from holdfast.policy.deadline.guard import within
from tests.loop.offload.calls import Crowd, add
from tests.loop.offload.waiting import until

pytestmark = pytest.mark.anyio

VARIABLE: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="none")


@pytest.fixture
async def threads() -> AsyncIterator[Threads]:
    """Threads of the test's loop, with AnyIO's calls on them."""
    made = current(4, 8)
    installed.install(made)
    yield made
    await made.ended()
    await until(lambda: made.slots.used == 0)
    installed.uninstall(asyncio.get_running_loop())


async def test_a_call_its_result_its_error_and_its_context() -> None:
    assert holdfast.to_thread is to_thread
    assert await to_thread(add, 1, b=2) == 3
    with pytest.raises(ZeroDivisionError):
        await to_thread(lambda: 1 / 0)
    VARIABLE.set("here")
    assert await to_thread(VARIABLE.get) == "here"
    async with within(5):
        left = await to_thread(remaining)
    assert left is not None
    assert 0 < left <= 5


async def test_def_endpoints_threads_come_through_here(threads: Threads) -> None:
    """Pins how Starlette and FastAPI reach a thread: when that changes, this has to."""
    seen = []

    def call() -> str:
        seen.append(threads.slots.used)
        return threading.current_thread().name

    assert "AnyIO" in await run_in_threadpool(call)
    assert "AnyIO" in await anyio.to_thread.run_sync(call)
    assert "AnyIO" in await anyio.to_thread.run_sync(call, abandon_on_cancel=True)
    assert "AnyIO" in await anyio.to_thread.run_sync(call, limiter=anyio.CapacityLimiter(1))
    assert seen == [1, 1, 1, 0], "a limiter of one's own is nobody else's"
    assert threads.slots.used == 0


async def test_from_a_thread_the_loop_can_be_reached(threads: Threads) -> None:
    async def there() -> str:
        return "there"

    def call() -> str:
        return anyio.from_thread.run(there)

    assert await run_in_threadpool(call) == "there"
    assert await to_thread(call) == "there"


async def test_the_default_limiter_is_this_one(threads: Threads) -> None:
    limiter = anyio.to_thread.current_default_thread_limiter()
    assert limiter is threads
    assert (limiter.total_tokens, limiter.borrowed_tokens, limiter.available_tokens) == (4, 0, 4)
    limiter.total_tokens = 6
    assert threads.slots.total == 6
    limiter.total_tokens = math.inf
    assert limiter.total_tokens == math.inf
    limiter.total_tokens = 4
    with pytest.raises(TypeError):
        limiter.total_tokens = 2.5
    async with limiter:
        assert limiter.statistics().borrowed_tokens == 1
        with pytest.raises(RuntimeError, match="already holding"):
            limiter.acquire_nowait()
    with pytest.raises(RuntimeError, match="isn't holding"):
        limiter.release()
    for borrower in range(4):
        limiter.acquire_on_behalf_of_nowait(borrower)
    with pytest.raises(anyio.WouldBlock):
        limiter.acquire_nowait()
    for borrower in range(4):
        limiter.release_on_behalf_of(borrower)
    assert await anyio.to_thread.run_sync(threading.get_ident, limiter=limiter)


async def test_after_the_last_app_the_library_is_as_it_was() -> None:
    ours = current(4)
    library = anyio.to_thread.run_sync
    installed.install(ours)
    installed.install(ours)
    loop = asyncio.get_running_loop()
    assert anyio.to_thread.run_sync is not library
    installed.uninstall(loop)
    assert anyio.to_thread.current_default_thread_limiter() is ours, "another app on this loop has it still"
    installed.uninstall(loop)
    assert anyio.to_thread.run_sync is library
    assert anyio.to_thread.current_default_thread_limiter() is not ours


@pytest.mark.parametrize("anyio_call", [False, True], ids=["to_thread", "abandon_on_cancel"])
async def test_left_behind_a_thread_keeps_its_slot(threads: Threads, anyio_call: bool) -> None:
    release = threading.Event()
    if anyio_call:
        call = asyncio.ensure_future(anyio.to_thread.run_sync(release.wait, 30, abandon_on_cancel=True))
    else:
        call = asyncio.ensure_future(to_thread(release.wait, 30))
    await until(lambda: threads.slots.used == 1)
    await asyncio.sleep(0.01)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert threads.slots.used == 1
    release.set()
    await until(lambda: threads.slots.used == 0)


async def test_a_framework_s_call_waits_for_its_thread(threads: Threads) -> None:
    """What the thread was lent, a session, is closed by who waits here: not before the thread has ended."""
    release, steps = threading.Event(), []

    def work() -> None:
        release.wait(30)
        steps.append("the thread ended")

    async def request() -> None:
        try:
            async with asyncio.timeout(0.01):
                await run_in_threadpool(work)
        finally:
            steps.append("the session is closed")

    running = asyncio.ensure_future(request())
    await asyncio.sleep(0.05)
    assert threads.slots.used == 1
    assert steps == []
    release.set()
    with pytest.raises(TimeoutError):
        await running
    assert steps == ["the thread ended", "the session is closed"]


async def test_a_deadline_does_not_wait_for_the_thread_and_tells_it(threads: Threads) -> None:
    told = threading.Event()

    def work() -> None:
        try:
            for _ in range(10_000):
                anyio.from_thread.check_cancelled()
                threading.Event().wait(0.002)
        except BaseException:
            told.set()
            raise

    with pytest.raises(DeadlineExceeded):
        async with within(0.05):
            await to_thread(work)
    await until(told.is_set)
    await until(lambda: threads.slots.used == 0)


async def test_in_a_task_of_the_app_s_own_the_deadline_ends_the_wait_too(threads: Threads) -> None:
    release = threading.Event()
    async with within(0.05):
        waits = asyncio.ensure_future(to_thread(release.wait, 30))
        await until(lambda: threads.slots.used == 1)
    with pytest.raises(DeadlineExceeded):
        await waits
    release.set()


async def test_more_calls_than_may_wait_are_refused(threads: Threads) -> None:
    release = threading.Event()
    calls = [asyncio.ensure_future(run_in_threadpool(release.wait, 30)) for _ in range(12)]
    await until(lambda: threads.slots.waiting == 8)
    with pytest.raises(OffloadFull, match="threads"):
        await run_in_threadpool(add, 1)
    with pytest.raises(OffloadFull, match="threads"):
        await to_thread(add, 1)
    release.set()
    assert await asyncio.gather(*calls) == [True] * 12


async def test_thousands_of_random_cancellations_oversubscribe_nothing(threads: Threads) -> None:
    rng, crowd = random.Random(11), Crowd()
    ways: list[Callable[..., Awaitable[object]]] = [
        run_in_threadpool,
        to_thread,
        lambda func, *args: anyio.to_thread.run_sync(func, *args, abandon_on_cancel=True),
    ]

    async def one() -> str:
        try:
            async with asyncio.timeout(rng.random() * 0.01):
                await rng.choice(ways)(crowd.work, rng.random() * 0.006)
        except (TimeoutError, OffloadFull) as error:
            return type(error).__name__
        return "done"

    ends: set[str] = set()
    for _ in range(100):
        ends |= set(await asyncio.gather(*(one() for _ in range(25))))
    await until(lambda: threads.slots.used == 0)
    assert ends == {"done", "TimeoutError", "OffloadFull"}
    assert 2 <= crowd.most <= 4, "never more threads than slots"
    assert crowd.inside == 0
    assert threads.slots.waiting == 0
    assert len(asyncio.all_tasks()) <= 2
