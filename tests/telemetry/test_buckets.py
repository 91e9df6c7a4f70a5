from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from holdfast.telemetry.buckets import BOUNDS, MOST_BOUNDS, bounds_with

THRESHOLDS = st.lists(st.floats(min_value=1e-4, max_value=100, allow_nan=False), max_size=MOST_BOUNDS)


def test_the_usual_bounds_ascend_and_leave_room_for_thresholds() -> None:
    assert list(BOUNDS) == sorted(set(BOUNDS))
    assert len(BOUNDS) < MOST_BOUNDS
    assert bounds_with([]) == BOUNDS


@given(THRESHOLDS)
def test_every_threshold_is_a_bound(thresholds: list[float]) -> None:
    bounds = bounds_with(thresholds)
    assert set(thresholds) <= set(bounds)
    assert list(bounds) == sorted(set(bounds))
    assert len(bounds) <= MOST_BOUNDS


def test_the_usual_bounds_nearest_to_a_threshold_make_way_first() -> None:
    crowded = [0.1001, *(70.0 + one for one in range(MOST_BOUNDS - len(BOUNDS)))]
    assert set(BOUNDS) - set(bounds_with(crowded)) == {0.1}


def test_of_too_many_thresholds_the_smallest_stay() -> None:
    many = [one / 1000 for one in range(1, 100)]
    assert bounds_with(many) == tuple(many[:MOST_BOUNDS])
