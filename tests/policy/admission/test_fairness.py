from __future__ import annotations

from holdfast.policy.admission import Class, priority
from holdfast.policy.admission.fairness import Fairness
from tests.policy.admission.gates import NORMAL, gate


def test_there_is_nothing_to_choose_between_until_somebody_is_named() -> None:
    g = gate(2, 0)
    fairness = Fairness(g)
    assert not g.share.active
    assert fairness.enter(0.0, "ann") is None
    assert g.share.active
    fairness.leave("ann")
    assert fairness.callers == 0


def test_a_caller_may_be_of_another_class_than_what_he_asks_for() -> None:
    g = gate(100, 0)
    fairness = Fairness(g, classes={"acme": Class.CRITICAL, "trial": Class.SHEDDABLE})
    g.overload.begin(0)
    g.share.bar = priority(Class.NORMAL) + 1  # nobody of a class below critical
    assert fairness.enter(0.0, "acme", NORMAL) is None
    assert (refused := fairness.enter(0.0, "ann", NORMAL)) is not None
    assert refused.reason == "priority"
    g.share.bar = priority(Class.NORMAL, level=0)
    assert fairness.enter(0.0, "ann", NORMAL) is None
    assert fairness.enter(0.0, "trial", NORMAL) is not None
    assert fairness.callers == 2
