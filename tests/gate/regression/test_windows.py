from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.gate.regression.windows import PAUSE, plan_round, window_seconds
from holdfast.gate.shape import RequestSpec, catalogue

REQUESTS = catalogue([RequestSpec("GET /a/{1..50}", weight=3), RequestSpec("GET /b")], authority="x", seed=1)


@settings(max_examples=30)
@given(pairs=st.integers(1, 9), seed=st.integers(0, 2**31), rate=st.floats(5, 200))
def test_both_builds_get_the_same_requests_one_after_the_other(pairs: int, seed: int, rate: float) -> None:
    planned = plan_round(REQUESTS, rate=rate, window=1.0, pairs=pairs, seed=seed)
    assert len(planned.edges) == 2 * pairs + 1
    slots = [planned.slot(pair, build) for pair in range(pairs) for build in (0, 1)]
    assert sorted(slots) == list(range(2 * pairs))
    old, new = planned.loads
    np.testing.assert_array_equal(old.request, new.request)
    for build, load in enumerate(planned.loads):
        assert np.all(np.diff(load.at) >= 0)
        within = (load.at / 1e9) % (1.0 + PAUSE)
        assert np.all(within <= 1.0)
        which = ((load.at / 1e9) // (1.0 + PAUSE)).astype(int)
        assert set(which) <= {planned.slot(pair, build) for pair in range(pairs)}
    assert abs(sum(planned.first) - pairs / 2) <= 0.5  # as many pairs in one order as in the other


def test_the_order_is_drawn_anew_by_the_seed() -> None:
    orders = {plan_round(REQUESTS, rate=50, window=1.0, pairs=8, seed=seed).first for seed in range(20)}
    assert len(orders) > 10


def test_a_slow_service_gets_longer_windows() -> None:
    assert (window_seconds(1000), window_seconds(30), window_seconds(0.5)) == (1.0, 2.0, 10.0)
