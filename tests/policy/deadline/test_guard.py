from __future__ import annotations

import asyncio
from typing import Any

import pytest

from holdfast.errors import DeadlineExceeded
from holdfast.policy import deadline
from holdfast.policy.deadline import Cut, current


def now() -> float:
    return asyncio.get_running_loop().time()


def test_cuts_what_takes_too_long(virtual: Any) -> None:
    async def main() -> None:
        start = now()
        with pytest.raises(DeadlineExceeded):
            async with deadline.within(1.0, now=now):
                await asyncio.sleep(10)
        assert 1.0 <= now() - start <= 1.01
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        assert deadline.at() is None
        await asyncio.sleep(1)  # nothing of it is left to hit what follows

    virtual(main())


def test_leaves_what_is_in_time_alone(virtual: Any) -> None:
    async def main() -> None:
        async with deadline.within(1.0, now=now):
            await asyncio.sleep(0.5)
            assert deadline.remaining(now) == pytest.approx(0.5)
        assert current().waiting() == 0
        await asyncio.sleep(1)

    virtual(main())


def test_the_outer_deadline_ends_an_inner_scope(virtual: Any) -> None:
    async def main() -> None:
        start = now()
        with pytest.raises(DeadlineExceeded):
            async with deadline.within(1.0, now=now), deadline.within(50.0, now=now):
                await asyncio.sleep(10)
        assert now() - start < 1.1
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    virtual(main())


def test_too_late_never_starts(virtual: Any) -> None:
    async def main() -> None:
        with pytest.raises(DeadlineExceeded):
            async with deadline.until(now(), now=now):
                pytest.fail("it started")
        assert deadline.at() is None
        assert current().waiting() == 0

    virtual(main())


def test_none_changes_nothing(virtual: Any) -> None:
    async def main() -> None:
        async with deadline.until(None, now=now):
            assert deadline.at() is None
        assert current().waiting() == 0

    virtual(main())


@pytest.mark.parametrize("own_first", [True, False])
def test_a_foreign_cancellation_at_the_same_time_stays_one(virtual: Any, own_first: bool) -> None:
    async def work() -> None:
        async with deadline.within(1.0, now=now):
            await asyncio.sleep(10)

    async def main() -> None:
        task = asyncio.create_task(work())
        await asyncio.sleep(0.5)
        if own_first:
            # In the very iteration in which the deadline fires, before the task runs again.
            current().schedule(now() + 0.5, task.cancel)
        else:
            asyncio.get_running_loop().call_at(now() + 0.4999, task.cancel)
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()

    virtual(main())


def test_an_error_of_the_work_is_not_hidden(virtual: Any) -> None:
    async def main() -> None:
        async def work() -> None:
            async with deadline.within(1.0, now=now):
                try:
                    await asyncio.sleep(10)
                except asyncio.CancelledError:
                    raise KeyError("its own") from None

        with pytest.raises(KeyError):
            await work()
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    virtual(main())


def test_cut_without_a_scope(virtual: Any) -> None:
    async def main() -> None:
        cut = Cut(now() + 1)
        with pytest.raises(asyncio.CancelledError) as caught:
            await asyncio.sleep(10)
        assert cut.stop(caught.value)
        kept = Cut(now() + 1)
        assert not kept.stop()
        await asyncio.sleep(2)
        assert not kept.fired

    virtual(main())


def test_a_scope_is_entered_once(virtual: Any) -> None:
    async def main() -> None:
        scope = deadline.within(1.0, now=now)
        async with scope:
            with pytest.raises(RuntimeError, match="once"):
                await scope.__aenter__()
        assert current().waiting() == 0

    virtual(main())
