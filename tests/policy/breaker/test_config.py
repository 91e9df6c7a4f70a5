"""What a breaker may be made of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from holdfast.policy.breaker import BreakerConfig
from tests.policy.breaker.core.made import CONFIG


@pytest.mark.parametrize(
    "bad",
    [
        {"window": 0.0},
        {"failures": 0.0},
        {"failures": 1.1},
        {"open": -1.0},
        {"minimum": 0},
        {"half_open": 0},
        {"lease": 0.0},
        {"buckets": 1},
        {"window": None},
        {"calls": 10},
        {"window": None, "calls": 3},
        {"slow": 1.0},
        {"slow_share": 0.5},
        {"slow": 1.0, "slow_share": 1.1},
        {"ramp": -1.0},
    ],
)
def test_contradictions(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must be|share"):
        replace(CONFIG, **bad)


def test_from_budget_needs_every_decision() -> None:
    assert BreakerConfig.from_budget(CONFIG, attempt=0.4) == replace(CONFIG, lease=5.4)
    few = replace(CONFIG, window=None, calls=10)
    assert BreakerConfig.from_budget(few) == replace(few, lease=5.0)

    class Undecided:
        window, calls, failures, open, minimum, half_open = 10.0, None, None, 5.0, 20, 1
        slow, slow_share, ramp, ejected = None, None, None, None

    assert BreakerConfig.from_budget(Undecided()) is None
