from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.errors import Throttled
from holdfast.events import Bus
from holdfast.policy.mode import Mode
from holdfast.policy.observed import PolicyObserved
from holdfast.policy.throttle import Throttle, ThrottleConfig, ThrottleGuard

CONFIG = ThrottleConfig()


def told(throttle: Throttle, now: float, *, asked: int, shed: int) -> None:
    for number in range(asked):
        throttle.asked(now)
        if number < shed:
            throttle.shed(now)


def test_nothing_is_refused_while_half_is_accepted() -> None:
    throttle = Throttle(CONFIG, random=lambda: 0.0)
    told(throttle, 0.0, asked=100, shed=50)
    assert throttle.chance(0.0) == 0.0
    assert throttle.admits(0.0)


def test_the_formula() -> None:
    throttle = Throttle(CONFIG, random=lambda: 0.0)
    told(throttle, 0.0, asked=99, shed=69)  # 30 accepted
    assert throttle.chance(0.0) == (99 - 2 * 30) / 100
    assert not throttle.admits(0.0)


def test_refusals_here_are_requests_too() -> None:
    throttle = Throttle(CONFIG)
    told(throttle, 0.0, asked=100, shed=70)
    before = throttle.chance(0.0)
    throttle.refused(0.0)
    assert throttle.chance(0.0) > before


def test_it_never_falls_silent_and_forgets() -> None:
    throttle = Throttle(CONFIG, random=lambda: 0.79)
    told(throttle, 0.0, asked=1000, shed=1000)
    assert throttle.chance(0.0) == 0.8
    assert not throttle.admits(0.0)
    assert throttle.admits(30.0)


def test_it_recovers_within_two_windows() -> None:
    dice = random.Random(1)
    throttle, now = Throttle(CONFIG, random=dice.random), 0.0
    told(throttle, now, asked=3000, shed=3000)
    for _ in range(6000):  # 100 a second, and there is room for all again
        now += 0.01
        if throttle.admits(now):
            throttle.asked(now)
        else:
            throttle.refused(now)
    assert throttle.chance(now) == 0.0


@given(st.lists(st.tuples(st.floats(0, 20), st.integers(0, 20), st.integers(0, 20), st.integers(0, 9))))
def test_the_chance_is_one_and_bounded(steps: Any) -> None:
    throttle, now = Throttle(CONFIG), 3.0
    for pause, asked, shed, refused in steps:
        now += pause
        told(throttle, now, asked=asked, shed=min(asked, shed))
        for _ in range(refused):
            throttle.refused(now)
        assert 0.0 <= throttle.chance(now) <= CONFIG.most


@pytest.mark.parametrize("bad", [{"factor": 0.9}, {"window": 0.0}, {"most": 1.0}, {"most": -0.1}])
def test_contradictions(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must be|below 1"):
        replace(CONFIG, **bad)


@pytest.mark.parametrize(
    ("mode", "refused", "said"), [(Mode.ENFORCE, 5, 0), (Mode.OBSERVE, 0, 5), (Mode.OFF, 0, 0)]
)
def test_modes(mode: Mode, refused: int, said: int) -> None:
    bus, heard = Bus(), []
    bus.subscribe(PolicyObserved, heard.append)
    guard = ThrottleGuard("payments", replace(CONFIG, mode=mode), bus=bus, random=lambda: 0.0)
    for _ in range(10):
        guard.asked(0.0)
        guard.shed(0.0)
    before = guard.core.chance(0.0)
    seen = 0
    for _ in range(5):
        try:
            guard.enter(0.0)
        except Throttled:
            seen += 1
    assert (seen, len(heard)) == (refused, said)
    assert guard.core.chance(0.0) >= before
