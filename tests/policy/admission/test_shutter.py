"""A loop that is late closes the door."""

from __future__ import annotations

from holdfast.policy.admission import Refused
from holdfast.policy.admission.core import Fate
from tests.policy.admission.gates import CRITICAL, beat, gate, wait


def test_a_late_loop_closes_the_door_but_for_the_most_important() -> None:
    g = gate(10, 4, wait=0.1, late=0.05, highest=CRITICAL)
    assert g.try_enter()
    at = beat(g, 0.0, 0.05, lag=0.2)
    assert g.try_enter(), "once is no overload"
    at = beat(g, at, 0.3, lag=0.2)
    assert not g.try_enter()
    assert g.refuses(at) == Refused("late", 1.0)
    assert wait(g, at, priority=CRITICAL).fate is Fate.ADMITTED
    assert g.in_flight == 3
    g.late(at, 0.01)
    assert not g.try_enter(), "as wide as what is left"
    g.leave()
    assert g.try_enter()
    at = beat(g, at, at + 0.5, lag=0.01)
    assert g.try_enter(), "and a little wider with each beat"
    beat(g, at, at + 5.0, lag=0.01)
    assert sum(g.try_enter() for _ in range(20)) == 6


def test_a_door_that_nobody_watches_opens() -> None:
    g = gate(10, 0, wait=0.1, late=0.05)
    beat(g, 0.0, 0.4, lag=0.2)
    assert g.refuses(0.5) is not None
    assert g.refuses(2.0) is None
    assert g.try_enter()
