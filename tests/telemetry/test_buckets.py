from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from holdfast.telemetry.buckets import BOUNDS, FIRST_BUCKET, REQUEST_CELLS, bucket


def test_bounds_ascend_and_hold_the_ones_that_objectives_use() -> None:
    assert list(BOUNDS) == sorted(set(BOUNDS))
    wanted = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.3, 0.5, 0.8, 1.0, 2.5, 5.0, 10.0, 30.0}
    assert wanted <= set(BOUNDS)


@given(st.floats(min_value=0, max_value=1e6))
def test_the_bucket_of_a_time_is_the_first_whose_bound_is_not_below_it(seconds: float) -> None:
    cell = bucket(seconds)
    assert FIRST_BUCKET <= cell < REQUEST_CELLS
    position = cell - FIRST_BUCKET
    assert position == len(BOUNDS) or seconds <= BOUNDS[position]
    assert position == 0 or seconds > BOUNDS[position - 1]
