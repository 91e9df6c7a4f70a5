"""Each core by itself: bounds, direction of its reactions, and nonsense."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.policy.admission import Adaptive, Aimd, Bounds, Fixed, Gradient, Limit, Vegas, Window
from holdfast.policy.admission.limit.adaptive import lag_target

BOUNDS = Bounds(start=20, least=3, most=200)
LEARNING: dict[str, Callable[[], Limit]] = {
    "adaptive": lambda: Adaptive(0.5, BOUNDS),
    "adaptive without objective": lambda: Adaptive(None, BOUNDS),
    "aimd": lambda: Aimd(0.5, BOUNDS),
    "gradient": lambda: Gradient(BOUNDS),
    "vegas": lambda: Vegas(BOUNDS),
}
ANY = st.floats(allow_nan=True, allow_infinity=True)
WINDOWS = st.builds(
    Window,
    at=st.floats(0, 1e6),
    seconds=ANY,
    latencies=st.lists(ANY | st.sampled_from([0.0, -1.0, 1e-300, 1e300]), max_size=40),
    failed=st.integers(0, 1000),
    in_flight=st.floats(0, 1e6),
    limited=st.floats(0, 1),
    lag=ANY,
)


class Clock:
    """Windows one after the other."""

    def __init__(self, limit: Limit) -> None:
        self.limit, self.at = limit, 0.0

    def windows(
        self,
        count: int,
        latency: float,
        *,
        lag: float = 0.0,
        full: bool = True,
        failed: int = 0,
        each: int = 30,
    ) -> int:
        for _ in range(count):
            self.at += 0.1
            inside = float(self.limit.value) if full else self.limit.value / 3
            self.limit.learn(
                Window(self.at, 0.1, [latency] * each, failed, inside, 1.0 if full else 0.0, lag)
            )
        return self.limit.value


@pytest.mark.parametrize("name", LEARNING)
@given(windows=st.lists(WINDOWS, max_size=60))
def test_within_its_bounds_whatever_it_is_told(name: str, windows: list[Window]) -> None:
    limit = LEARNING[name]()
    for window in windows:
        limit.learn(window)
        assert 3 <= limit.value <= 200


@pytest.mark.parametrize("name", LEARNING)
def test_grows_while_latency_stays_and_the_house_is_full(name: str) -> None:
    clock = Clock(LEARNING[name]())
    assert clock.windows(100, 0.02) > 30


@pytest.mark.parametrize("name", LEARNING)
def test_does_not_grow_while_nobody_meets_it(name: str) -> None:
    clock = Clock(LEARNING[name]())
    assert clock.windows(100, 0.02, full=False) == 20


@pytest.mark.parametrize("name", ["aimd", "gradient", "vegas"])
def test_falls_when_latency_is_far_beyond_its_past_and_the_objective(name: str) -> None:
    clock = Clock(LEARNING[name]())
    clock.windows(20, 0.02)
    before = clock.limit.value
    assert clock.windows(30, 0.8) < before


@pytest.mark.parametrize("name", LEARNING)
def test_a_window_without_an_answer_changes_nothing(name: str) -> None:
    clock = Clock(LEARNING[name]())
    clock.windows(10, 0.02)
    before = clock.limit.value
    assert clock.windows(300, 0.02, each=0) == before


@pytest.mark.parametrize("name", ["adaptive", "gradient", "vegas"])
def test_failures_are_no_fast_answers(name: str) -> None:
    clock = Clock(LEARNING[name]())
    clock.windows(10, 0.02, full=False)
    before = clock.limit.value
    assert clock.windows(50, 0.02, failed=500, each=0) == before


def test_a_late_loop_lowers_by_what_stands_before_it() -> None:
    clock = Clock(Adaptive(0.5, Bounds(start=100)))
    for _ in range(40):
        clock.windows(1, clock.limit.value / 300, lag=clock.limit.value / 600)
    assert 5 <= clock.limit.value <= 15


def test_latency_that_grows_with_the_limit_is_kept_within_the_objective() -> None:
    clock = Clock(Adaptive(0.5, Bounds(start=200)))
    for _ in range(100):
        clock.windows(1, clock.limit.value / 300)
    assert clock.limit.value / 300 <= 0.5


def test_latency_that_does_not_is_not_answered_by_turning_people_away() -> None:
    clock = Clock(Adaptive(0.5, Bounds(start=100)))
    for _ in range(200):
        assert clock.windows(1, 0.8) >= 40


def test_a_loop_that_is_late_without_us_is_not_our_doing() -> None:
    clock = Clock(Adaptive(0.5, Bounds(start=100)))
    assert clock.windows(60, 0.1, lag=0.03) > 30


def test_a_step_of_no_use_is_taken_back() -> None:
    limit = Adaptive(None, Bounds(start=20))
    seen, at = [], 0.0
    for _ in range(200):  # a pool: ten at a time, 20 ms each, so throughput is 500/s from ten on
        at += 0.1
        latency = max(0.02, limit.value / 500)
        limit.learn(Window(at, 0.1, [latency] * 50, 0, limit.value, 1.0, 0.0))
        seen.append(limit.value)
    assert min(seen) >= 8, seen
    assert max(seen) <= 60, seen
    assert sorted(seen)[100] < 25


def test_the_lag_that_is_allowed() -> None:
    assert lag_target(None, 1000.0) == 0.0125
    assert lag_target(0.3, 1000.0) == pytest.approx(0.01)
    assert lag_target(0.5, 120.0) == pytest.approx(4 / 120)
    assert lag_target(0.5, 1.0) == pytest.approx(0.05), "never more than a tenth of the objective"
    assert lag_target(0.5, 0.0) == pytest.approx(0.5 / 30)


@pytest.mark.parametrize("bad", [{"least": 0}, {"start": 2}, {"start": 20_000}])
def test_bounds_that_contradict(bad: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be"):
        Bounds(**bad)


def test_a_fixed_number_learns_nothing() -> None:
    clock = Clock(Fixed(7))
    assert clock.windows(50, 5.0, lag=1.0) == 7
    with pytest.raises(ValueError, match="at least 1"):
        Fixed(0)
    assert Bounds().clamp(math.nan) == 3
