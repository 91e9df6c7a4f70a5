from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from holdfast.errors import Shed
from holdfast.events import Bus, RequestRefused
from holdfast.policy.admission import AdmissionConfig, AdmissionGuard
from holdfast.policy.deadline import current
from holdfast.policy.mode import Mode
from holdfast.policy.observed import PolicyObserved


def guard(config: AdmissionConfig) -> tuple[AdmissionGuard, list[Any]]:
    bus, heard = Bus(), []
    bus.subscribe(RequestRefused, heard.append)
    bus.subscribe(PolicyObserved, heard.append)
    return AdmissionGuard(config, bus=bus, now=asyncio.get_running_loop().time), heard


def test_waits_for_its_turn(virtual: Any) -> None:
    async def main() -> None:
        gate, heard = guard(AdmissionConfig(1, 5, wait=10.0))
        order = []

        async def work(index: int) -> None:
            await gate.enter()
            try:
                await asyncio.sleep(1)
                order.append(index)
            finally:
                gate.leave()

        await asyncio.gather(*map(work, range(4)))
        assert order == [0, 1, 2, 3]
        assert gate.core.in_flight == 0
        assert not heard

    virtual(main())


def test_refuses_when_the_queue_is_full_and_when_the_wait_is_over(virtual: Any) -> None:
    async def main() -> None:
        gate, heard = guard(AdmissionConfig(1, 1, wait=0.1))
        loop = asyncio.get_running_loop()
        assert gate.core.try_enter()
        waiting = asyncio.create_task(gate.enter())
        await asyncio.sleep(0)
        with pytest.raises(Shed) as full:
            await gate.enter()
        assert (full.value.reason, full.value.retry_after) == ("full", 1.0)
        start = loop.time()
        with pytest.raises(Shed) as waited:
            await waiting
        assert waited.value.reason == "waited"
        assert 0.1 <= loop.time() - start <= 0.11
        assert [event.reason for event in heard] == ["full", "waited"]
        gate.leave()
        assert gate.core.in_flight == 0
        assert current().waiting() == 0

    virtual(main())


def test_a_waiter_that_is_cancelled_as_it_is_admitted_passes_its_permit_on(virtual: Any) -> None:
    async def main() -> None:
        gate, _ = guard(AdmissionConfig(1, 5, wait=10.0))
        assert gate.core.try_enter()
        first, second = asyncio.create_task(gate.enter()), asyncio.create_task(gate.enter())
        await asyncio.sleep(0)
        gate.leave()  # the permit is the first one's now, though it has not run yet ...
        first.cancel()  # ... and never will
        with pytest.raises(asyncio.CancelledError):
            await first
        await second
        assert gate.core.in_flight == 1
        gate.leave()
        assert gate.core.in_flight == 0

    virtual(main())


@pytest.mark.parametrize(("mode", "reports"), [(Mode.OBSERVE, 2), (Mode.OFF, 0)])
def test_only_enforcing_refuses(virtual: Any, mode: Mode, reports: int) -> None:
    async def main() -> None:
        gate, heard = guard(AdmissionConfig(1, mode=mode))
        for _ in range(3):
            await gate.enter()
        assert gate.core.in_flight == 3
        assert [event.would for event in heard] == ["refuse"] * reports

    virtual(main())


def test_without_a_number_everybody_enters(virtual: Any) -> None:
    async def main() -> None:
        gate, heard = guard(AdmissionConfig(None, mode=Mode.OBSERVE))
        for _ in range(1000):
            await gate.enter()
        assert gate.core.in_flight == 1000
        assert not heard

    virtual(main())


@pytest.mark.parametrize("seed", range(8))
def test_permits_are_conserved_under_random_cancellation(virtual: Any, seed: int) -> None:
    async def main() -> None:
        dice = random.Random(seed)
        gate, _ = guard(AdmissionConfig(3, 5, wait=0.05))
        inside = most = served = 0

        async def work() -> None:
            nonlocal inside, most, served
            await gate.enter(dice.choice([99, 199, 199, 299]))
            try:
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(dice.choice([0, 0.01, 0.03]))
                served += 1
            finally:
                inside -= 1
                gate.leave()

        tasks = []
        for _ in range(300):
            tasks.append(asyncio.create_task(work()))
            await asyncio.sleep(dice.choice([0, 0, 0.001, 0.01]))
            if dice.random() < 0.5:
                dice.choice(tasks).cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (gate.core.in_flight, gate.core.queued, inside) == (0, 0, 0)
        assert most <= 3
        assert served > 30
        await asyncio.sleep(1)
        assert current().waiting() == 0

    virtual(main())
