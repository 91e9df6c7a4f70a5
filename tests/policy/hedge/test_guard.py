from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.policy.deadline import current
from holdfast.policy.hedge import HedgeConfig, HedgeGuard
from holdfast.policy.retry import attempt_above
from tests.policy.virtual_loop import run_virtual


def now() -> float:
    return asyncio.get_running_loop().time()


class Reads:
    """Attempts that take the seconds told, one after the other; a negative number fails after as many."""

    def __init__(self, *seconds: float) -> None:
        self.seconds = list(seconds)
        self.started: list[float] = []
        self.layers: list[int] = []
        self.running = 0

    async def __call__(self, at: float) -> int:
        number = len(self.started)
        seconds = self.seconds[number]
        self.started.append(at)
        self.layers.append(attempt_above())
        self.running += 1
        try:
            await asyncio.sleep(abs(seconds))
        finally:
            self.running -= 1
        if seconds < 0:
            raise OSError(number)
        return number


def guard(fund: Callable[[float], bool] = lambda now: True, late: float | None = 0.1) -> HedgeGuard:
    made = HedgeGuard(HedgeConfig(0.95), fund, now=now)
    made.latency.value = late
    return made


@pytest.mark.parametrize(
    ("seconds", "answer", "attempts", "took"),
    [
        ((0.05, 9.0), 0, 1, 0.05),  # in time
        ((0.5, 0.1), 1, 2, 0.2),  # the second is first
        ((0.5, 9.0), 0, 2, 0.5),  # the first is, after all
        ((-0.3, 0.4), 1, 2, 0.5),  # the first fails, and the second is waited for
        ((0.5, -0.1), 0, 2, 0.5),  # the second fails, and the first goes on
    ],
)
def test_the_first_answer_wins(
    virtual: Any, seconds: tuple[float, ...], answer: int, attempts: int, took: float
) -> None:
    async def main() -> None:
        reads, start = Reads(*seconds), now()
        assert await guard().attempt(reads, start) == answer
        assert now() - start == pytest.approx(took, abs=0.01)
        assert (len(reads.started), reads.running) == (attempts, 0)
        assert reads.layers == [1, 2][:attempts]
        task = asyncio.current_task()
        assert task is not None
        assert (task.cancelling(), current().waiting()) == (0, 0)

    virtual(main())


def test_where_both_fail_the_first_speaks(virtual: Any) -> None:
    async def main() -> None:
        reads = Reads(-0.3, -0.4)
        with pytest.raises(OSError, match="0"):
            await guard().attempt(reads, now())
        assert (len(reads.started), reads.running) == (2, 0)

    virtual(main())


@pytest.mark.parametrize(("fund", "late"), [(lambda now: False, 0.1), (lambda now: True, None)])
def test_not_without_a_budget_nor_a_percentile(virtual: Any, fund: Any, late: float | None) -> None:
    async def main() -> None:
        reads = Reads(0.5)
        assert await guard(fund, late).attempt(reads, now()) == 0

    virtual(main())


def test_the_percentile_is_measured(virtual: Any) -> None:
    async def main() -> None:
        hedge = guard(late=None)
        for number in range(1, 21):
            await hedge.attempt(Reads(number / 100), now())
        assert hedge.latency.value == pytest.approx(0.2)

    virtual(main())


times = st.floats(-0.5, 0.5).map(lambda seconds: round(seconds, 2))


@settings(max_examples=150)
@given(times, times, st.none() | st.floats(0, 0.6), st.none() | st.floats(0, 0.6))
def test_any_race(first: float, second: float, cancelled: float | None, again: float | None) -> None:
    """Whoever wins and whoever cancels: nothing is left, and a cancellation is never swallowed."""

    async def main() -> None:
        reads = Reads(first, second)
        task = asyncio.create_task(guard().attempt(reads, now()))
        asked = []

        def cancel() -> None:
            if task.cancel():
                asked.append(now())

        for at in (cancelled, again):
            if at is not None:
                asyncio.get_running_loop().call_later(at, cancel)
        await asyncio.wait((task,))
        assert reads.running == 0
        assert current().waiting() == 0
        assert task.cancelled() == bool(asked)
        if not asked and task.exception() is not None:
            assert first < 0
        assert len(asyncio.all_tasks()) == 1

    run_virtual(main())
