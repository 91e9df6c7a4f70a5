from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from holdfast.policy.window import Window

steps = st.lists(st.tuples(st.floats(0, 25), st.booleans()), max_size=60)


@given(steps)
def test_counts_what_lies_in_the_window_and_nothing_older(steps: list[tuple[float, bool]]) -> None:
    window, now, at = Window(10.0, 10), 3.0, []
    for pause, add in steps:
        now += pause
        if add:
            window.add(now)
            at.append(now)
        total = window.roll(now)
        # Whole buckets of one second: exact but for the oldest.
        assert total <= sum(1 for t in at if t > now - 10.0 - 1e-6)
        assert total >= sum(1 for t in at if t > now - 9.0 + 1e-6)
        assert total == window.total


def test_forgets_bucket_by_bucket() -> None:
    window = Window(10.0, 10)
    for second in range(10):
        window.add(second + 0.5)
    assert [window.roll(float(t)) for t in (9, 10, 14, 19, 20)] == [10, 9, 5, 0, 0]


def test_a_clock_that_runs_back_counts_now() -> None:
    window = Window(10.0, 10)
    window.add(50.0)
    window.add(45.0)
    assert window.roll(55.0) == 2
    assert window.roll(61.0) == 0


def test_clear() -> None:
    window = Window(10.0, 10)
    window.add(5.0)
    window.clear()
    assert window.roll(5.0) == 0
    window.add(5.1)
    assert window.total == 1
