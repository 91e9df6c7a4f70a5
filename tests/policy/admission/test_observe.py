"""A gate that only observes, everywhere or for some: nobody is kept out, and what would have been is told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from holdfast.errors import Shed
from holdfast.events import Bus, RequestRefused
from holdfast.policy.admission import AdmissionConfig, AdmissionGuard, Class, Fixed, Gate, priority
from holdfast.policy.admission.fairness import EXCESS, Fairness
from holdfast.policy.admission.priority import EXEMPT, NORMAL, OBSERVED
from holdfast.policy.mode import Mode
from holdfast.policy.observed import PolicyObserved
from tests.policy.admission.gates import Movable, beat

CRITICAL = priority(Class.CRITICAL)


def guard(config: AdmissionConfig, limit: Any = None) -> tuple[AdmissionGuard, list[Any]]:
    bus, heard = Bus(), []
    bus.subscribe(RequestRefused, heard.append)
    bus.subscribe(PolicyObserved, heard.append)
    now = asyncio.get_running_loop().time
    return AdmissionGuard(config, bus=bus, now=now, limit=limit), heard


def said(heard: list[Any]) -> list[tuple[str, str]]:
    return [(event.would, event.why) for event in heard]


def observing(limit: int, queue: int = 0, **more: Any) -> Gate:
    return Gate(AdmissionConfig(limit, queue, mode=Mode.OBSERVE, **more), Fixed(limit))


def test_those_beyond_the_room_would_wait_and_then_be_refused(virtual: Any) -> None:
    async def main() -> None:
        gate, heard = guard(AdmissionConfig(1, 2, mode=Mode.OBSERVE))
        for _ in range(5):
            await gate.enter()
        assert (gate.core.in_flight, gate.core.queued) == (5, 0)
        assert said(heard) == [("queue", "full")] * 2 + [("refuse", "full")] * 2
        for _ in range(5):
            gate.leave()
        assert gate.core.in_flight == 0
        assert gate.core.restless
        await asyncio.sleep(3)
        assert not gate.core.restless, "nobody beats for ever"

    virtual(main())


def test_its_number_goes_on_to_learn(virtual: Any) -> None:
    async def main() -> None:
        number = Movable(2)
        gate, _ = guard(AdmissionConfig(2, mode=Mode.OBSERVE), number)
        for _ in range(4):
            await gate.enter()
        await asyncio.sleep(0.3)
        assert number.windows
        assert number.windows[0].limited > 0
        assert number.windows[0].in_flight == 4

    virtual(main())


def test_a_door_that_would_be_closed_lets_in_and_says_so() -> None:
    gate = observing(8, late=0.05)
    assert gate.try_enter()
    assert gate.refuses(0.0) is None
    beat(gate, 0.0, 0.5, lag=0.2)
    assert not gate.try_enter(), "who has to be told of comes by another way"
    assert gate.refuses(0.5) is None
    assert gate.shut(0.5) is None
    refused = gate.foresee(0.5)
    assert refused is not None
    assert refused.reason == "late"
    gate.enter_anyway()
    assert gate.in_flight == 2


def test_an_overload_is_one_though_nobody_stands_in_line() -> None:
    gate = observing(1, queue=4, wait=0.1)
    gate.enter_anyway()
    for _ in range(3):
        assert gate.foresee(0.0) is None
        gate.enter_anyway()
    now = 0.0
    while now < 0.5:
        now = beat(gate, now, now + 0.02)
        gate.foresee(now)
    assert gate.overloaded
    refused = gate.foresee(now)
    assert refused is not None, "in an overload fewer may wait than in a burst"


def test_some_are_let_in_by_their_priority_and_the_others_kept_out(virtual: Any) -> None:
    async def main() -> None:
        gate, heard = guard(AdmissionConfig(1, highest=NORMAL + EXEMPT))
        await gate.enter()
        assert gate.core.refuses(0.0, NORMAL) is not None
        assert gate.core.shut(0.0) is None, "somebody may be let in"
        for free in (NORMAL + OBSERVED, CRITICAL + EXEMPT):
            assert gate.core.refuses(0.0, free) is None
            await gate.enter(free)
        assert said(heard) == [("refuse", "full")], "where it is off nothing is told"
        with pytest.raises(Shed):
            await gate.enter(NORMAL)
        assert gate.core.in_flight == 3

    virtual(main())


@pytest.mark.parametrize("free", [OBSERVED, 0])
def test_fairness_observes_with_the_gate(free: int) -> None:
    config = AdmissionConfig(2, mode=Mode.ENFORCE if free else Mode.OBSERVE)
    gate, would = Gate(config, Fixed(2)), list[tuple[str, int]]()
    fairness = Fairness(gate, would=lambda reason, kind: would.append((reason, kind)))
    gate.overload.begin(0)
    assert gate.overloaded
    assert fairness.enter(0.0, "ann", NORMAL + free) is None
    assert fairness.enter(0.0, "bob", NORMAL + free) is None
    assert fairness.enter(0.0, "ann", NORMAL + free) is None, "her excess, and only told"
    assert would == [(EXCESS, NORMAL + free)]
    for caller in ("ann", "bob", "ann"):
        fairness.leave(caller)
    assert fairness.callers == 0
    assert not gate.binds(NORMAL + free)
