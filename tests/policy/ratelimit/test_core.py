from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from holdfast.policy.ratelimit import Limit
from holdfast.policy.ratelimit.core import SLACK, State, charged, lacking, look, standing, strayed
from tests.policy.ratelimit.made import COSTS, PAUSES, ByTheBook, limit, limits

HISTORY = st.lists(st.tuples(PAUSES, COSTS), min_size=1, max_size=60)


def run(
    chosen: tuple[Limit, ...], state: State | None, now: float, cost: float
) -> tuple[bool, State | None, list[float]]:
    levels = look(chosen, state, now)
    if lacking(chosen, levels, cost) == 0.0:
        state = charged(levels, cost, now)
        return True, state, list(state[1:])
    return False, state, levels


def test_a_burst_passes_at_once_and_then_the_rate() -> None:
    chosen, state = (limit(10, 1, 5),), None
    admitted = []
    for _ in range(7):
        passed, state, _ = run(chosen, state, 0.0, 1.0)
        admitted.append(passed)
    assert admitted == [True] * 5 + [False] * 2
    assert [run(chosen, state, at, 1.0)[0] for at in (0.05, 0.0999, 0.1)] == [False, False, True]


def test_every_limit_has_to_admit() -> None:
    chosen, state, passed = (limit(10, 1), limit(12, 60)), None, 0
    for second in range(10):
        for _ in range(10):
            done, state, _ = run(chosen, state, float(second), 1.0)
            passed += done
    assert passed == 12 + 1  # the second limit gives one more every five seconds, the first never refuses


@given(st.lists(limits(), min_size=1, max_size=3), HISTORY)
def test_it_decides_as_the_definition_does(chosen: list[Limit], history: list[tuple[float, float]]) -> None:
    book, state, now = ByTheBook(tuple(chosen)), None, 1_000.0
    for pause, cost in history:
        now += pause
        expected, excess = book.take(now, cost)
        assume(abs(excess) == 0 or abs(excess) > 1e-3)  # nearer than what rounding of a time can tell
        passed, state, _ = run(tuple(chosen), state, now, cost)
        assert passed is expected


@given(limits(), HISTORY)
def test_never_more_than_burst_and_rate_in_any_window(
    chosen: Limit, history: list[tuple[float, float]]
) -> None:
    state, now, admitted = None, 0.0, []
    for pause, cost in history:
        now += pause
        passed, state, _ = run((chosen,), state, now, cost)
        if passed:
            admitted.append((now, cost))
    for start in range(len(admitted)):
        total = 0.0
        for end in range(start, len(admitted)):
            total += admitted[end][1]
            window = admitted[end][0] - admitted[start][0]
            bound = chosen.burst + chosen.rate * window
            assert total <= bound + SLACK + 1e-9 * bound


@given(limits(), HISTORY, COSTS)
def test_what_is_refused_passes_after_the_wait_and_not_before(
    chosen: Limit, history: list[tuple[float, float]], cost: float
) -> None:
    state, now = None, 0.0
    for pause, before in history:
        now += pause
        _, state, _ = run((chosen,), state, now, before)
    levels = look((chosen,), state, now)
    wait = lacking((chosen,), levels, cost)
    if cost > chosen.burst + SLACK:
        assert wait == math.inf
    elif wait:
        later = now + wait
        assume((later - now) == pytest.approx(wait, rel=1e-9))  # else the clock cannot express it
        assert lacking((chosen,), look((chosen,), state, later + 1e-9 * later), cost) == 0.0
        assert (
            lacking((chosen,), look((chosen,), state, now + wait * 0.9), cost) > 0.0
            or wait * chosen.rate < 1e-4
        )


@given(limits(), HISTORY)
def test_remaining_and_refill_are_what_they_say(chosen: Limit, history: list[tuple[float, float]]) -> None:
    state, now, levels = None, 0.0, [0.0]
    for pause, cost in history:
        now += pause
        _, state, levels = run((chosen,), state, now, cost)
    told = standing(chosen, levels[0])
    assert lacking((chosen,), levels, float(told.remaining)) == 0.0
    assert lacking((chosen,), levels, told.remaining + 1.0) > 0.0
    assert 0.0 <= told.refill <= 1 / chosen.rate * (1 + 1e-5)
    assert told.reset == pytest.approx(levels[0] / chosen.rate)
    assert look((chosen,), state, now + told.reset * (1 + 1e-9) + 1e-9)[0] <= chosen.rate * 1e-6 + SLACK


@given(limits(), st.lists(st.tuples(st.floats(-5000, 5000), COSTS), min_size=1, max_size=60))
def test_a_clock_that_steps_back_locks_nobody_out(chosen: Limit, history: list[tuple[float, float]]) -> None:
    """An empty quota is the worst that it does, and no more is given than its steps forward earn."""
    state: State | None = None
    now, total, forward = 1e6, 0.0, 0.0
    for step, cost in history:
        now += step
        forward += max(0.0, step)
        levels = look((chosen,), state, now)
        assert 0.0 <= levels[0] <= chosen.burst
        if lacking((chosen,), levels, cost) == 0.0:
            state = charged(levels, cost, now)
            total += cost
        elif strayed((chosen,), state, now):
            state = (now, *levels)
    bound = chosen.burst + chosen.rate * forward
    assert total <= bound + SLACK * len(history) + 1e-9 * bound


def test_a_clock_an_hour_back_is_followed_after_one_refusal() -> None:
    chosen = (limit(1, 1, 5),)
    state: State = (10_000.0, 5.0)
    assert strayed(chosen, state, 6_400.0)
    levels = look(chosen, state, 6_400.0)
    assert levels == [5.0]
    state = (6_400.0, *levels)
    assert not strayed(chosen, state, 6_400.0)
    assert lacking(chosen, look(chosen, state, 6_401.0), 1.0) == 0.0


@pytest.mark.parametrize(
    "bad", [{"quota": 0}, {"period": 0}, {"burst": 0.5}, {"quota": math.inf}, {"period": math.nan}]
)
def test_a_limit_that_is_none(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must be"):
        Limit(**{"name": "x", "quota": 1.0, "period": 1.0, "burst": 1.0} | bad)  # type: ignore[arg-type]
