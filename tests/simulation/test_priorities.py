"""Who is served when not all can be: classes at the door, callers behind it."""

from __future__ import annotations

import random

from holdfast.policy.admission import Adaptive, AdmissionConfig, Bounds, Class, Fixed, Gate, priority
from holdfast.policy.admission.fairness import EXCESS, Fairness
from tests.simulation.model import Profile, Simulation, Steps

CRITICAL, NORMAL, SHEDDABLE = priority(Class.CRITICAL), priority(Class.NORMAL), priority(Class.SHEDDABLE)


def mixed(dice: random.Random) -> int:
    drawn = dice.random()
    return CRITICAL if drawn < 0.05 else SHEDDABLE if drawn > 0.5 else NORMAL


def run(limit: object, rate: float) -> Simulation:
    gate = Gate(AdmissionConfig(20, 10, late=0.1, highest=CRITICAL), limit)  # type: ignore[arg-type]
    gate.share.active = True
    simulation = Simulation(gate, Profile())
    simulation.offer(Steps(rate), 12.0, priority=mixed)
    return simulation.run(12.0)


def test_the_critical_are_served_while_they_alone_fit() -> None:
    for limit, rate in (
        (Adaptive(0.5, Bounds()), 900.0),
        (Adaptive(0.5, Bounds()), 3500.0),
        (Fixed(20), 3500.0),
    ):
        simulation = run(limit, rate)
        assert simulation.served(3, 11, CRITICAL, CRITICAL) >= 0.99
        assert simulation.served(3, 11, SHEDDABLE, SHEDDABLE) < simulation.served(3, 11, NORMAL, NORMAL)
        assert simulation.goodput(3, 11, 0.5) > 300, "and nothing is wasted"


def test_those_that_can_be_shed_are_served_where_there_is_room() -> None:
    simulation = run(Adaptive(0.5, Bounds()), 350.0)
    assert simulation.served(3, 11, SHEDDABLE, SHEDDABLE) > 0.97


def test_in_an_overload_some_callers_are_served_and_the_same_ones_again() -> None:
    gate = Gate(AdmissionConfig(10, 0), Fixed(10))
    fairness = Fairness(gate)
    gate.overload.active = True
    gate.share.share, gate.share.bar = 0.3, 130
    callers = [f"caller {number}" for number in range(400)]
    first = [fairness.enter(0.0, caller) is None for caller in callers]
    for caller, entered in zip(callers, first, strict=True):
        if entered:
            fairness.leave(caller)
    assert first == [fairness.enter(60.0, caller) is None for caller in callers]
    assert 0.6 < sum(first) / len(first) < 0.8
    assert first != [Fairness(gate).enter(4000.0, caller) is None for caller in callers], "dealt anew"


def test_a_caller_has_his_share_and_no_more() -> None:
    gate = Gate(AdmissionConfig(10, 0), Fixed(10))
    fairness = Fairness(gate)
    for _ in range(8):
        assert fairness.enter(0.0, "greedy") is None
    gate.overload.active = True
    assert fairness.enter(0.0, "modest") is None
    refused = fairness.enter(0.0, "greedy")
    assert refused is not None
    assert refused.reason == EXCESS
    for _ in range(4):
        assert fairness.enter(0.0, "modest") is None
    assert fairness.enter(0.0, "modest") is not None
    for _ in range(8):
        fairness.leave("greedy")
    assert fairness.callers == 1
