from __future__ import annotations

from holdfast.policy.admission.fairness import Fairness
from tests.policy.admission.gates import gate


def test_there_is_nothing_to_choose_between_until_somebody_is_named() -> None:
    g = gate(2, 0)
    fairness = Fairness(g)
    assert not g.share.active
    assert fairness.enter(0.0, "ann") is None
    assert g.share.active
    fairness.leave("ann")
    assert fairness.callers == 0
