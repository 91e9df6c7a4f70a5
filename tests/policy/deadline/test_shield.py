from __future__ import annotations

import asyncio

import pytest

from holdfast import deadline
from holdfast.errors import DeadlineExceeded
from holdfast.policy.deadline import shield, until
from tests.policy.virtual_loop import run_virtual


def test_the_public_names() -> None:
    assert deadline.__all__ == ["at", "at_most", "remaining", "shield"]
    assert deadline.shield is shield


def test_a_result_and_an_error_come_through() -> None:
    async def main() -> None:
        async def error() -> None:
            raise ValueError("no")

        assert await shield(asyncio.sleep(1, "done")) == "done"
        with pytest.raises(ValueError, match="no"):
            await shield(error())

    run_virtual(main())


def test_a_deadline_does_not_cut_it_and_is_not_in_force_inside() -> None:
    async def main() -> None:
        now = asyncio.get_running_loop().time
        seen: list[object] = []

        async def commit() -> None:
            await asyncio.sleep(5)
            seen.append((deadline.remaining(now), now()))

        begun = now()

        async def request() -> None:
            async with until(now() + 1, now=now):
                await shield(commit(), now=now)
                seen.append("never")

        with pytest.raises(DeadlineExceeded):
            await request()
        assert seen == [(None, begun + 5)]

    run_virtual(main())


def test_every_cancellation_waits_and_none_is_lost() -> None:
    async def main() -> None:
        ended = []

        async def commit() -> None:
            await asyncio.sleep(5)
            ended.append(True)

        task = asyncio.ensure_future(shield(commit()))
        await asyncio.sleep(0)  # begun
        for _ in range(4):
            task.cancel()
            await asyncio.sleep(1)
        assert not task.done()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended == [True]

    run_virtual(main())


def test_its_error_after_a_cancellation_is_the_cause() -> None:
    async def main() -> None:
        causes = []

        async def commit() -> None:
            await asyncio.sleep(5)
            raise ConnectionResetError("the database went away")

        async def request() -> None:
            try:
                await shield(commit())
            except asyncio.CancelledError as error:
                causes.append(str(error.__cause__))
                raise

        task = asyncio.ensure_future(request())
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert causes == ["the database went away"]

    run_virtual(main())


def test_it_may_have_a_bound_of_its_own() -> None:
    async def main() -> None:
        now = asyncio.get_running_loop().time
        begun = now()
        with pytest.raises(DeadlineExceeded):
            await shield(asyncio.sleep(60), at_most=2, now=now)
        assert 2 <= now() - begun < 2.1

    run_virtual(main())


def test_a_future_that_is_cancelled_by_its_owner_ends_it() -> None:
    async def main() -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(1, future.cancel)
        with pytest.raises(asyncio.CancelledError):
            await shield(future)
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    run_virtual(main())
