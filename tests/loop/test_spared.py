from __future__ import annotations

from holdfast.events import Bus, StallSeen
from holdfast.loop.spared import Spared
from holdfast.policy.enforcement import Enforcement
from holdfast.policy.mode import Mode
from holdfast.policy.observed import PolicyObserved


def test_the_parts_of_a_stall_add_up_and_are_told_once() -> None:
    bus, heard = Bus(), list[PolicyObserved]()
    bus.subscribe(PolicyObserved, heard.append)
    spared = Spared(2.0, Enforcement("kill", Mode.OBSERVE, bus))
    told = []
    for at, duration in (
        (0.0, 1.0),  # one stall in three parts
        (1.0, 1.0),
        (2.0, 4.0),
        (10.0, 1.9),  # two that are too short
        (12.0, 1.9),
        (20.0, 2.0),  # and one at once
    ):
        spared.see(StallSeen(at, duration, "a.py", 1, "f", "a.py:1 f", "", 0))
        told.append(len(heard))
    assert told == [0, 1, 1, 1, 1, 2]
    assert (heard[0].policy, heard[0].would, heard[0].why) == ("kill", "cut", "stood still")
