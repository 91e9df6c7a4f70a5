from __future__ import annotations

from typing import Any

import pytest

from holdfast.errors import BreakerOpen
from holdfast.events import BreakerChanged, Bus
from holdfast.policy.breaker import BreakerConfig, BreakerGuard
from holdfast.policy.mode import Mode
from holdfast.policy.observed import PolicyObserved
from holdfast.policy.outcome import Outcome


def guard(mode: Mode) -> tuple[BreakerGuard, list[Any]]:
    bus, heard = Bus(), []
    bus.subscribe(BreakerChanged, heard.append)
    bus.subscribe(PolicyObserved, heard.append)
    config = BreakerConfig(10.0, 0.5, 5.0, minimum=2, mode=mode)
    return BreakerGuard("payments", config, bus=bus), heard


def fail(breaker: BreakerGuard, now: float) -> None:
    for _ in range(2):
        breaker.settle(breaker.enter(now), Outcome.FAILURE, now)


def test_refuses_and_reports() -> None:
    breaker, heard = guard(Mode.ENFORCE)
    fail(breaker, 100.0)
    assert [(event.old, event.new) for event in heard] == [("closed", "open")]
    with pytest.raises(BreakerOpen) as refused:
        breaker.enter(101.0)
    assert (refused.value.dependency, refused.value.retry_after) == ("payments", 4.0)
    breaker.settle(breaker.enter(105.0), Outcome.SUCCESS, 105.0)
    assert [event.new for event in heard] == ["open", "half-open", "closed"]


def test_observing_lets_everything_pass_and_still_finds_the_way_back() -> None:
    breaker, heard = guard(Mode.OBSERVE)
    fail(breaker, 100.0)
    for _ in range(3):
        breaker.settle(breaker.enter(101.0), Outcome.FAILURE, 101.0)
    would = [event for event in heard if isinstance(event, PolicyObserved)]
    assert [(event.policy, event.would, event.why) for event in would] == [("breaker", "refuse", "open")] * 3
    breaker.settle(breaker.enter(105.0), Outcome.SUCCESS, 105.0)
    assert breaker.core.state.value == "closed"


def test_by_hand() -> None:
    breaker, heard = guard(Mode.ENFORCE)
    breaker.open()
    with pytest.raises(BreakerOpen) as refused:
        breaker.enter(1e9)
    assert refused.value.retry_after is None
    breaker.close()
    fail(breaker, 1e9)
    breaker.release()
    assert [(event.new, event.why) for event in heard] == [
        ("open", "opened by hand"),
        ("closed", "closed by hand"),
    ]
