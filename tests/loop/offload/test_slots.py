from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.errors import DeadlineExceeded, OffloadFull, Shed
from holdfast.events import Bus
from holdfast.loop.offload.slots import Slots
from holdfast.policy.deadline.guard import within
from holdfast.policy.enforcement import Enforcement
from holdfast.policy.mode import Mode
from holdfast.policy.observed import PolicyObserved
from tests.policy.virtual_loop import run_virtual


def test_slots_are_bounded_and_so_is_the_queue() -> None:
    async def main() -> None:
        slots = Slots("threads", 2, 1)
        assert slots.try_take()
        assert slots.try_take()
        assert not slots.try_take()
        waits = asyncio.ensure_future(slots.take())
        await asyncio.sleep(0)
        assert (slots.used, slots.waiting) == (2, 1)
        with pytest.raises(OffloadFull, match="threads: full") as refused:
            await slots.take()
        assert isinstance(refused.value, Shed)
        assert (refused.value.kind, refused.value.reason, refused.value.status) == ("threads", "full", 503)
        slots.give()
        await waits
        assert (slots.used, slots.waiting) == (2, 0)

    run_virtual(main())


def test_without_a_bound_everybody_may_wait() -> None:
    async def main() -> list[int]:
        slots, order = Slots("threads", 1), []

        async def one(number: int) -> None:
            await slots.take()
            order.append(number)
            await asyncio.sleep(1)
            slots.give()

        await asyncio.gather(*(one(number) for number in range(100)))
        assert slots.used == 0
        return order

    assert run_virtual(main()) == list(range(100)), "first come, first served"


def test_who_is_too_late_never_starts() -> None:
    async def main() -> None:
        slots = Slots("threads", 1, now=asyncio.get_running_loop().time)
        await slots.take()

        async def late() -> None:
            # A task of its own: nobody cancels it when the deadline of who made it passes.
            await slots.take()

        async with within(1, now=asyncio.get_running_loop().time):
            waits = asyncio.ensure_future(late())
        await asyncio.sleep(2)
        assert slots.waiting == 1
        slots.give()
        with pytest.raises(DeadlineExceeded):
            await waits
        assert (slots.used, slots.waiting) == (0, 0)

    run_virtual(main())


def test_closed_it_refuses_and_sends_away_who_waits() -> None:
    async def main() -> None:
        slots = Slots("processes", 1)
        await slots.take()
        waits = asyncio.ensure_future(slots.take())
        await asyncio.sleep(0)
        slots.close()
        with pytest.raises(OffloadFull, match="processes: draining"):
            await waits
        with pytest.raises(OffloadFull, match="draining"):
            await slots.take()
        slots.give()
        assert not slots.try_take()
        assert slots.used == 0

    run_virtual(main())


def test_more_slots_let_more_in_and_fewer_let_none_in() -> None:
    async def main() -> None:
        slots = Slots("threads", 1)
        await slots.take()
        waits = [asyncio.ensure_future(slots.take()) for _ in range(3)]
        await asyncio.sleep(0)
        slots.total = 3
        await asyncio.sleep(0)
        assert [task.done() for task in waits] == [True, True, False]
        slots.total = 1
        slots.give()
        slots.give()
        await asyncio.sleep(0)
        assert not waits[2].done()
        slots.give()
        await waits[2]
        assert slots.used == 1

    run_virtual(main())


def test_a_bound_that_is_only_observed_refuses_nobody() -> None:
    async def main() -> None:
        bus, heard = Bus(), list[PolicyObserved]()
        bus.subscribe(PolicyObserved, heard.append)
        slots = Slots("threads", 1, 1)
        slots.enforcement = Enforcement("offload", Mode.OBSERVE, bus)
        await slots.take()
        waiting = [asyncio.ensure_future(slots.take()) for _ in range(3)]
        await asyncio.sleep(0)
        assert slots.waiting == 3
        assert [(event.subject, event.would, event.why) for event in heard] == [
            ("threads", "refuse", "full")
        ] * 2
        for place in waiting:
            slots.give()
            await place
        assert slots.used == 1

    run_virtual(main())


@given(
    total=st.integers(1, 4),
    queue=st.none() | st.integers(0, 6),
    seed=st.integers(0, 1 << 30),
)
def test_random_cancellation_conserves_the_slots(total: int, queue: int | None, seed: int) -> None:
    async def main() -> None:
        rng = random.Random(seed)
        slots = Slots("threads", total, queue)
        inside = 0

        async def one() -> None:
            nonlocal inside
            await slots.take()
            inside += 1
            assert inside <= total
            assert inside <= slots.used <= total
            try:
                await asyncio.sleep(rng.choice((0, 0.5, 1)))
            finally:
                inside -= 1
                slots.give()

        loop = asyncio.get_running_loop()
        tasks = []
        for _ in range(40):
            task = loop.create_task(one())
            tasks.append(task)
            if rng.random() < 0.5:
                # Also at the very time at which a slot is handed over.
                loop.call_later(rng.choice((0, 0.5, 1, 1.5)), task.cancel)
            if rng.random() < 0.3:
                await asyncio.sleep(rng.choice((0, 0.5)))
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        wrong = [
            end
            for end in ended
            if end is not None and not isinstance(end, OffloadFull | asyncio.CancelledError)
        ]
        assert not wrong
        assert (slots.used, slots.waiting, inside) == (0, 0, 0)
        assert slots.try_take(), "whoever comes next finds a free slot"

    run_virtual(main())
