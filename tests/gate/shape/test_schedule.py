from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.errors import UsageError
from holdfast.gate.shape import Phase, RequestSpec, Schedule, catalogue, schedule
from holdfast.gate.shape.arrivals import constant, poisson

MIX = catalogue(
    [RequestSpec("GET /a", weight=3), RequestSpec("GET /never", weight=0), RequestSpec("GET /b", weight=1)],
    authority="h:1",
    seed=1,
)
phases = st.lists(
    st.builds(
        Phase,
        name=st.text(max_size=3),
        rate=st.floats(0, 2000),
        seconds=st.floats(0.001, 5),
        arrivals=st.sampled_from(["constant", "poisson"]),
    ),
    min_size=1,
    max_size=4,
)


@given(phases, st.integers(0, 2**32))
def test_arrivals_ascend_inside_the_phases_and_choose_only_what_has_weight(
    given_phases: list[Phase], seed: int
) -> None:
    made = schedule(given_phases, MIX, seed=seed)
    assert made.at.dtype == np.int64
    assert made.request.dtype == np.int32
    assert len(made.at) == len(made.request)
    assert np.all(np.diff(made.at) >= 0)
    assert made.bounds[-1] == sum(round(phase.seconds * 1e9) for phase in given_phases)
    assert np.all((made.at >= 0) & (made.at < made.bounds[-1]))
    assert set(made.request.tolist()) <= {0, 2}
    for number, phase in enumerate(given_phases):
        count = np.count_nonzero(made.phase_of() == number)
        expected = phase.rate * phase.seconds
        if phase.arrivals == "constant":
            assert abs(count - expected) <= 1
        else:  # seven standard deviations
            assert abs(count - expected) <= 7 * expected**0.5 + 7


@given(phases, st.integers(0, 2**32))
def test_the_same_seed_gives_the_same_schedule(given_phases: list[Phase], seed: int) -> None:
    one, two = (schedule(given_phases, MIX, seed=seed) for _ in range(2))
    assert np.array_equal(one.at, two.at)
    assert np.array_equal(one.request, two.request)


def test_another_seed_gives_another_schedule() -> None:
    one, two = (schedule([Phase("steady", 100, 1)], MIX, seed=seed) for seed in (1, 2))
    assert not np.array_equal(one.at, two.at)


def test_a_phase_keeps_its_arrivals_when_another_changes() -> None:
    def second(rate: float) -> Schedule:
        return schedule([Phase("warmup", rate, 2), Phase("steady", 500, 2)], MIX, seed=5)

    one, two = second(10), second(1000)
    assert np.array_equal(one.at[one.phase_of() == 1], two.at[two.phase_of() == 1])
    assert np.array_equal(one.request[one.phase_of() == 1], two.request[two.phase_of() == 1])


def test_weights_show_in_what_is_chosen() -> None:
    made = schedule([Phase("steady", 20_000, 1, "constant")], MIX, seed=1)
    assert np.mean(made.request == 0) == pytest.approx(0.75, abs=0.02)


@pytest.mark.parametrize(
    ("rate", "seconds", "count"), [(100, 1, 100), (3, 1, 3), (0, 1, 0), (0.5, 4, 2), (7, 0.3, 3)]
)
def test_constant_arrivals_start_at_once_and_keep_their_distance(
    rate: float, seconds: float, count: int
) -> None:
    at = constant(rate, round(seconds * 1e9))
    assert len(at) == count
    if count:
        assert at[0] == 0
        assert np.all(np.abs(np.diff(at) - 1e9 / rate) <= 1)


def test_poisson_gaps_are_exponential() -> None:
    at = poisson(1000, 100 * 10**9, np.random.default_rng(3))
    gaps = np.diff(at) / 1e9
    assert gaps.mean() == pytest.approx(1e-3, rel=0.02)
    assert gaps.std() == pytest.approx(1e-3, rel=0.03)
    assert np.mean(gaps > 1e-3) == pytest.approx(np.exp(-1), abs=0.01)


@pytest.mark.parametrize(
    ("rate", "seconds"), [(-1, 1), (float("nan"), 1), (float("inf"), 1), (1, 0), (1, -1), (1, float("nan"))]
)
def test_impossible_phases_are_refused_by_name(rate: float, seconds: float) -> None:
    with pytest.raises(UsageError, match="phase overload"):
        Phase("overload", rate, seconds)


def test_a_schedule_without_phases_is_refused() -> None:
    with pytest.raises(UsageError, match="at least one phase"):
        schedule([], MIX, seed=1)
