from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.policy.hedge import HedgeConfig, Percentile


def test_unknown_until_one_lies_above_it() -> None:
    latency = Percentile(HedgeConfig(0.95))
    for _ in range(19):
        latency.add(0.1)
    assert latency.value is None
    latency.add(0.1)
    assert latency.value == 0.1


def test_of_the_last_latencies_only() -> None:
    latency = Percentile(HedgeConfig(0.9))
    for _ in range(100):
        latency.add(9.0)
    for number in range(100):
        latency.add(number / 100)
    assert latency.value == 0.9


@given(st.lists(st.floats(0, 10), min_size=20, max_size=300))
def test_about_its_share_of_the_latencies_is_above(latencies: list[float]) -> None:
    config = HedgeConfig(0.75)
    latency = Percentile(config)
    for seconds in latencies:
        latency.add(seconds)
    whole = len(latencies) - len(latencies) % config.least  # what was known when it was last sorted
    known = latencies[:whole][-config.samples :]
    assert latency.value is not None
    assert sum(seconds > latency.value for seconds in known) <= len(known) / 4
    assert sum(seconds < latency.value for seconds in known) <= len(known) * 3 / 4


@pytest.mark.parametrize("bad", [0.0, 1.0, 95.0, -1.0])
def test_contradictions(bad: Any) -> None:
    with pytest.raises(ValueError, match="percentile must be"):
        HedgeConfig(bad)
