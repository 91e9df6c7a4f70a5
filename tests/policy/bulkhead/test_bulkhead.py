from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.errors import BulkheadFull
from holdfast.events import Bus
from holdfast.policy.bulkhead import BulkheadConfig, BulkheadGuard, Compartment
from holdfast.policy.mode import Mode
from holdfast.policy.observed import PolicyObserved


def guard(config: BulkheadConfig) -> tuple[BulkheadGuard, list[Any]]:
    bus, heard = Bus(), []
    bus.subscribe(PolicyObserved, heard.append)
    return BulkheadGuard("payments", config, bus=bus), heard


@given(st.integers(1, 5), st.lists(st.booleans()))
def test_never_more_than_its_limit_and_nothing_is_lost(limit: int, moves: list[bool]) -> None:
    compartment, inside = Compartment(limit), 0
    for enter in moves:
        if enter:
            assert compartment.try_enter() is (inside < limit)
            inside = min(limit, inside + 1)
        elif inside:
            compartment.leave()
            inside -= 1
        assert compartment.in_flight == inside


def test_full() -> None:
    bulkhead, _ = guard(BulkheadConfig(2))
    bulkhead.enter(0.0)
    bulkhead.enter(0.0)
    with pytest.raises(BulkheadFull, match="payments"):
        bulkhead.enter(0.0)
    assert bulkhead.core.in_flight == 2
    bulkhead.leave()
    bulkhead.enter(0.0)


def test_observing_says_what_it_would_have_done() -> None:
    bulkhead, heard = guard(BulkheadConfig(1, Mode.OBSERVE))
    bulkhead.enter(1.0)
    bulkhead.enter(2.0)
    assert heard == [PolicyObserved(2.0, "bulkhead", "payments", "refuse", "1 in flight")]
    assert bulkhead.core.in_flight == 2


def test_off_says_nothing() -> None:
    bulkhead, heard = guard(BulkheadConfig(1, Mode.OFF))
    bulkhead.enter(1.0)
    bulkhead.enter(2.0)
    assert not heard


def test_from_budget() -> None:
    assert BulkheadConfig.from_budget(20, processes=3) == BulkheadConfig(6)
    assert BulkheadConfig.from_budget(None) == BulkheadConfig(None, Mode.OBSERVE)


@pytest.mark.parametrize("bad", [{"limit": 0}, {"limit": None}])
def test_contradictions(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"at least 1|nothing to enforce"):
        BulkheadConfig(**bad)
