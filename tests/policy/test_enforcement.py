from __future__ import annotations

from typing import Any

import pytest

from holdfast.budget.model import Budget
from holdfast.events import Bus
from holdfast.policy.enforcement import ENFORCED, Enforcement
from holdfast.policy.mode import Mode, Modes
from holdfast.policy.observed import PolicyObserved


@pytest.mark.parametrize(
    ("mode", "acts", "told"), [("enforce", True, 0), ("observe", False, 1), ("off", False, 0)]
)
def test_who_observes_tells_and_lets_pass(mode: str, acts: bool, told: int) -> None:
    bus, heard = Bus(), list[Any]()
    bus.subscribe(PolicyObserved, heard.append)
    of = Enforcement("offload", Mode(mode), bus, now=lambda: 7.0)
    assert of.acts("refuse", "full", "threads") is acts
    assert heard == [PolicyObserved(7.0, "offload", "threads", "refuse", "full")] * told
    assert (of.binds, of.off) == (mode == "enforce", mode == "off")


def test_a_policy_that_nobody_told_to_do_less_acts() -> None:
    assert ENFORCED.acts("refuse", "full")


def test_how_far_a_policy_goes_on_which_routes() -> None:
    section = Budget.model_validate(
        {"deadline": {"mode": "observe", "route_mode": {"GET /a": "enforce", "GET /b": "off"}}}
    ).deadline
    modes = Modes.of(section)
    assert modes.default is Mode.OBSERVE
    assert dict(modes.by_route) == {"GET /a": Mode.ENFORCE, "GET /b": Mode.OFF}
    assert modes.most is Mode.ENFORCE
    assert not modes.uniform
    assert Modes(Mode.OFF, {"GET /a": Mode.OFF}).uniform
    assert Modes(Mode.OFF, {"GET /a": Mode.OBSERVE}).most is Mode.OBSERVE
