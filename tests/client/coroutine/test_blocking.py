"""Functions and blocks that block, in threads, under the same policies as coroutines."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from holdfast.client.coroutine import CoroutineDependency
from holdfast.client.state import DependencyState
from holdfast.client.threads import Home
from holdfast.errors import BreakerOpen, BulkheadFull, CallFailed, DeadlineExceeded, UsageError
from holdfast.events import Bus, CallEnded
from holdfast.policy import deadline
from holdfast.policy.breaker import BreakerConfig
from holdfast.policy.call import CallConfig
from holdfast.policy.deadline import current
from holdfast.policy.retry import RetryConfig
from tests.client.coroutine.rig import CONFIG

PATIENT = CallConfig("mongo", timeout=30.0, breaker=BreakerConfig(60.0, 0.5, 60.0, minimum=4),
                     bulkhead=CONFIG.bulkhead, retry=RetryConfig(2, 1.0, base=0.001, cap=0.002))  # fmt: skip


class Rig:
    """A dependency whose policies run in the background."""

    def __init__(self, config: CallConfig = PATIENT) -> None:
        self.bus, self.heard, self.home = Bus(), list[CallEnded](), Home()
        self.bus.subscribe(CallEnded, self.heard.append)
        self.state = DependencyState(config, bus=self.bus)

    def declare(self, **options: Any) -> CoroutineDependency[Any]:
        return CoroutineDependency(self.state, home=self.home, **options)

    @property
    def ended(self) -> list[tuple[str, int, bool]]:
        return [(event.outcome, event.attempts, event.degraded) for event in self.heard]

    def on_loop(self, look: Any) -> Any:
        """Return what `look(pipeline)` says on the loop."""

        async def call(thread: Any) -> Any:
            return look(self.state.pipelines.current())

        return self.home.call(call)

    def idle(self) -> None:
        held = self.on_loop(lambda line: (line.bulkhead.core.in_flight, len(line.breaker.core._leases)))
        assert held == (0, 0)


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.home.close()


def scripted(*script: Any) -> Any:
    steps = list(script)

    def step(*args: Any, **kwargs: Any) -> Any:
        said = steps.pop(0) if steps else "fine"
        if isinstance(said, BaseException):
            raise said
        return said, args, kwargs

    return step


def test_a_def_function_is_called_in_its_thread_with_its_arguments(rig: Rig) -> None:
    @rig.declare()
    def look_up(number: int, *, wide: bool) -> tuple[int, bool, int]:
        """Say what came."""
        return number, wide, threading.get_ident()

    assert look_up(5, wide=True) == (5, True, threading.get_ident())
    assert (look_up.__name__, look_up.__doc__) == ("look_up", "Say what came.")
    assert rig.ended == [("ok", 1, False)]
    rig.idle()


def test_it_is_repeated_where_that_does_no_harm(rig: Rig) -> None:
    once = rig.declare()(scripted(ConnectionResetError()))
    with pytest.raises(CallFailed, match="reset") as failed:
        once()
    assert isinstance(failed.value.__cause__, ConnectionResetError)
    assert rig.declare(idempotent=True)(scripted(ConnectionResetError(), 7))("x") == (7, ("x",), {})
    assert rig.ended == [("reset", 1, False), ("ok", 2, False)]


def test_threads_and_coroutines_have_one_breaker(rig: Rig) -> None:
    dependency = rig.declare()

    @dependency
    async def gone() -> None:
        raise ConnectionRefusedError

    async def four() -> list[Any]:
        return await asyncio.gather(*(gone() for _ in range(2)), return_exceptions=True)

    for _ in range(2):
        asyncio.run_coroutine_threadsafe(four(), rig.home.loop()).result(30)
    with pytest.raises(BreakerOpen):
        dependency(scripted())()
    with pytest.raises(BreakerOpen), dependency:
        pytest.fail("a refused block never runs")
    rig.idle()


@pytest.mark.parametrize("made", ["a value", "a function", "a coroutine function"])
def test_a_fallback(rig: Rig, made: str) -> None:
    threads = []

    def blocks(why: Exception) -> str:
        threads.append(threading.get_ident())
        return f"instead: {why}"

    async def waits(why: Exception) -> str:
        return f"instead: {why}"

    fallback = {"a value": "instead: mongo: connect", "a function": blocks, "a coroutine function": waits}[
        made
    ]
    look_up = rig.declare(fallback=fallback)(scripted(ConnectionRefusedError()))
    assert look_up() == "instead: mongo: connect"
    assert threads in ([], [threading.get_ident()])  # it may block as well
    assert rig.ended == [("connect", 1, True)]


def test_a_block_is_one_attempt(rig: Rig) -> None:
    dependency = rig.declare(failures=(OSError,))
    with dependency, dependency:
        assert rig.on_loop(lambda line: line.bulkhead.core.in_flight) == 2
        with pytest.raises(BulkheadFull), dependency:
            pytest.fail("a refused block never runs")
    with pytest.raises(KeyError), dependency:
        raise KeyError("mine")
    with pytest.raises(CallFailed, match="reset"), dependency:
        raise ConnectionResetError
    assert [outcome for outcome, _, _ in rig.ended] == ["bulkhead", "ok", "ok", "KeyError", "reset"]
    rig.idle()


def test_what_ends_a_thread_in_a_block_counts_for_nothing(rig: Rig) -> None:
    with pytest.raises(KeyboardInterrupt), rig.declare():
        raise KeyboardInterrupt
    rig.idle()
    assert [outcome for outcome, _, _ in rig.ended] == ["cancelled"]
    assert rig.on_loop(lambda line: line.breaker.core.counts(0.0).failures) == 0


def test_what_comes_too_late_is_a_timeout_and_its_permit_is_held_until_then() -> None:
    rig = Rig(CallConfig("mongo", timeout=0.05, bulkhead=CONFIG.bulkhead, breaker=PATIENT.breaker))
    held: list[int] = []

    @rig.declare()
    def slow() -> str:
        left = deadline.remaining()
        assert left is not None
        assert left <= 0.05
        while on_loop(lambda: current().waiting()):  # until the pipeline's timer has cut it
            time.sleep(0.001)
        held.append(on_loop(lambda: rig.state.in_flight))
        return "late"

    def on_loop(look: Callable[[], int]) -> int:
        async def looked() -> int:
            return look()

        return asyncio.run_coroutine_threadsafe(looked(), rig.home.loop()).result(30)

    with pytest.raises(CallFailed, match="timeout"):
        slow()
    assert held == [1]
    rig.idle()
    rig.home.close()


def test_nothing_starts_after_the_deadline(rig: Rig) -> None:
    token = deadline.tighten(0.0)
    try:
        with pytest.raises(DeadlineExceeded):
            rig.declare()(lambda: pytest.fail("too late"))()
        with pytest.raises(DeadlineExceeded), rig.declare():
            pytest.fail("too late")
    finally:
        deadline.restore(token)


def test_on_the_loop_it_says_that_it_would_block(rig: Rig) -> None:
    look_up = rig.declare()(scripted())

    async def main() -> None:
        with pytest.raises(UsageError, match="on the event loop"):
            look_up()
        with pytest.raises(UsageError, match="on the event loop"), rig.declare():
            pytest.fail("it would block")

    asyncio.run(main())


@pytest.mark.parametrize("seed", range(3))
def test_any_threads(seed: int) -> None:
    """Whatever threads and coroutines do, permits and leases come back."""
    rig, chance = Rig(), random.Random(seed)
    dependency = rig.declare(idempotent=True, fallback=None)
    plans = [[chance.random() for _ in range(30)] for _ in range(4)]

    def blocking(plan: list[float]) -> None:
        for dice in plan:
            error = ConnectionResetError() if dice < 0.4 else KeyError() if dice < 0.5 else None
            try:
                if dice * 10 % 1 < 0.5:
                    dependency(scripted(error) if error else scripted())()
                else:
                    with dependency:
                        if error is not None:
                            raise error
            except (CallFailed, BulkheadFull, BreakerOpen, KeyError):
                pass

    async def waiting() -> None:
        @dependency
        async def one() -> None:
            await asyncio.sleep(0)
            if chance.random() < 0.3:
                raise ConnectionResetError

        tasks = [asyncio.ensure_future(one()) for _ in range(30)]
        await asyncio.sleep(0)
        for task in tasks[::3]:
            task.cancel()
        await asyncio.wait(tasks)

    threads = [threading.Thread(target=blocking, args=(plan,)) for plan in plans]
    for thread in threads:
        thread.start()
    asyncio.run_coroutine_threadsafe(waiting(), rig.home.loop()).result(60)
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    rig.idle()
    assert len(rig.heard) == 4 * 30 + 30
    rig.home.close()
