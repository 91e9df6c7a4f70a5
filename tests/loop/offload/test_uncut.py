from __future__ import annotations

import asyncio

import anyio
import pytest

from holdfast.loop.offload.uncut import uncut
from tests.policy.virtual_loop import run_virtual


def test_a_result_and_an_error_come_through() -> None:
    async def main() -> None:
        async def result() -> int:
            await asyncio.sleep(1)
            return 7

        async def error() -> None:
            await asyncio.sleep(1)
            raise ValueError("no")

        assert await uncut(result()) == 7
        with pytest.raises(ValueError, match="no"):
            await uncut(error())

    run_virtual(main())


def test_a_cancellation_waits_for_the_end() -> None:
    async def main() -> None:
        ended = []

        async def work() -> str:
            await asyncio.sleep(10)
            ended.append(asyncio.get_running_loop().time())
            return "dropped"

        begun = asyncio.get_running_loop().time()
        task = asyncio.ensure_future(uncut(work()))
        await asyncio.sleep(1)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(1)
        assert not task.done()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended == [begun + 10]

    run_virtual(main())


def test_an_error_after_a_cancellation_is_its_cause() -> None:
    async def main() -> None:
        async def work() -> None:
            await asyncio.sleep(10)
            raise ValueError("too late to tell")

        causes = []

        async def outer() -> None:
            try:
                await uncut(work())
            except asyncio.CancelledError as error:
                causes.append(str(error.__cause__))

        task = asyncio.ensure_future(outer())
        await asyncio.sleep(1)
        task.cancel()
        await task
        assert causes == ["too late to tell"]

    run_virtual(main())


def test_before_the_first_wait_it_does_not_begin() -> None:
    async def main() -> None:
        begun = []

        async def work() -> None:
            await asyncio.sleep(0)
            begun.append(True)
            await asyncio.sleep(1)

        task = asyncio.ensure_future(uncut(work()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not begun

    run_virtual(main())


def test_a_timeout_around_it_counts_its_own_cancellation() -> None:
    async def main() -> None:
        async def work() -> None:
            await asyncio.sleep(10)

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await uncut(work())
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        await asyncio.sleep(0)  # no cancellation is left over

    run_virtual(main())


def test_a_cancellation_of_its_own_is_no_cancellation_of_the_task() -> None:
    async def main() -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def work() -> str:
            try:
                await future
            except asyncio.CancelledError:
                return "what it waited for was cancelled"
            return ""

        asyncio.get_running_loop().call_later(1, future.cancel)
        assert await uncut(work()) == "what it waited for was cancelled"

    run_virtual(main())


@pytest.mark.anyio
async def test_anyio_scopes_cancel_it_afterwards() -> None:
    """As AnyIO says of its own calls: a scope that is cancelled meanwhile is, once the thread has ended."""
    ended: list[object] = []

    async def work() -> None:
        with anyio.CancelScope(shield=True):
            await asyncio.sleep(0.02)
        ended.append(True)

    with anyio.move_on_after(0.001) as scope:
        await uncut(work())
        await anyio.sleep(10)
        ended.append("never")
    assert scope.cancelled_caught
    assert ended == [True]
