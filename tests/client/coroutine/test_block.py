from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.client.coroutine.block import Block
from holdfast.errors import BulkheadFull, CallFailed, DeadlineExceeded
from holdfast.policy import deadline
from holdfast.policy.call import judge_exceptions
from tests.client.coroutine.rig import Rig
from tests.policy.virtual_loop import run_virtual


def now() -> float:
    return asyncio.get_running_loop().time()


def test_a_block_is_one_attempt(virtual: Any) -> None:
    async def main() -> None:
        rig = Rig()
        held = rig.declare()
        async with held:
            assert rig.state.in_flight == 1
            await asyncio.sleep(0.1)
        assert rig.ended == [("ok", 1, False)]
        rig.idle()

    virtual(main())


def test_what_the_block_raises_is_judged(virtual: Any) -> None:
    async def main() -> None:
        rig = Rig()
        with pytest.raises(CallFailed, match="mongo: reset"):
            async with rig.declare(idempotent=True):  # a block cannot be repeated, whatever it is
                raise ConnectionResetError
        own = KeyError("mine")
        with pytest.raises(KeyError) as raised:
            async with rig.declare(failures=(OSError,)):
                raise own
        assert raised.value is own
        assert [outcome for outcome, _, _ in rig.ended] == ["reset", "KeyError"]
        rig.idle()

    virtual(main())


def test_it_has_the_time_of_an_attempt(virtual: Any) -> None:
    async def main() -> None:
        rig = Rig()
        with pytest.raises(CallFailed, match="timeout"):
            async with rig.declare():
                await asyncio.sleep(9)
        with pytest.raises(DeadlineExceeded):
            async with deadline.within(0.1, now=now), rig.declare():
                await asyncio.sleep(9)
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        rig.idle()

    virtual(main())


def test_a_refused_block_never_runs(virtual: Any) -> None:
    async def main() -> None:
        rig = Rig()
        held = rig.declare()
        async with held, held:  # within each other
            with pytest.raises(BulkheadFull):
                async with held:
                    pytest.fail("the bulkhead has two permits")
        async with held:
            pass
        rig.idle()

    virtual(main())


def test_blocks_of_one_object_do_not_mix(virtual: Any) -> None:
    async def main() -> None:
        rig = Rig(bulkhead=None)
        held = rig.declare(failures=(OSError,))

        async def one(number: int) -> None:
            async with held:
                await asyncio.sleep(0.1 / (number + 1))
                raise KeyError(number)

        raised = await asyncio.gather(*[one(number) for number in range(5)], return_exceptions=True)
        assert [error.args for error in raised if isinstance(error, KeyError)] == [(n,) for n in range(5)]

    virtual(main())


def test_a_block_that_is_forgotten_gives_back_what_it_holds(virtual: Any) -> None:
    async def main() -> None:
        rig = Rig()
        block = Block(rig.state.pipelines.current(), judge_exceptions, None)
        block.enter()
        assert rig.state.in_flight == 1
        del block
        rig.idle()

    virtual(main())


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 0.2),  # when it begins
            st.floats(0, 0.6),  # how long it takes
            st.none() | st.floats(0, 0.6),  # when it is cancelled
            st.sampled_from([None, OSError("gone"), KeyError("own")]),
        ),
        max_size=12,
    )
)
def test_any_blocks(plan: list[Any]) -> None:
    """However blocks end: permits come back, and who is cancelled stays so."""

    async def main() -> None:
        rig = Rig()
        held = rig.declare(failures=(OSError,))

        async def one(seconds: float, error: Exception | None) -> None:
            async with held:
                await asyncio.sleep(seconds)
                if error is not None:
                    raise error

        tasks, cancelled = [], set()
        for begin, seconds, cancel, error in sorted(plan, key=lambda step: step[0]):
            await asyncio.sleep(max(0.0, 1000.0 + begin - now()))
            task = asyncio.create_task(one(seconds, error))
            tasks.append(task)
            if cancel is not None:
                later = asyncio.get_running_loop().call_later
                later(cancel, lambda task=task: task.cancel() and cancelled.add(task))
        await asyncio.gather(*tasks, return_exceptions=True)
        assert {task for task in tasks if task.cancelled()} == cancelled
        rig.idle()

    run_virtual(main())
