"""Half-open: so many trials and no more."""

from __future__ import annotations

from dataclasses import replace

from holdfast.policy.breaker import State
from tests.policy.breaker.core.made import BAD, CONFIG, GOOD, NONE, opened, run


def test_half_open_admits_no_more_than_its_permits() -> None:
    breaker = opened()
    tokens = [breaker.acquire(105.0) for _ in range(1000)]
    assert [token is not None for token in tokens] == [True] * 2 + [False] * 998


def test_half_open_closes_when_the_trials_pass() -> None:
    breaker = opened()
    run(breaker, 105.0, GOOD)
    assert breaker.state is State.HALF_OPEN
    run(breaker, 105.0, GOOD)
    assert breaker.state is State.CLOSED
    run(breaker, 105.0, BAD, BAD, BAD)  # the failures of before are forgotten
    assert breaker.state is State.CLOSED


def test_half_open_opens_again_when_they_fail() -> None:
    breaker = opened()
    run(breaker, 106.0, BAD)
    assert breaker.state is State.OPEN
    assert breaker.acquire(110.9) is None
    assert breaker.acquire(111.0) is not None


def test_trials_are_judged_by_the_same_ratio() -> None:
    breaker = opened(replace(CONFIG, half_open=5))
    run(breaker, 105.0, BAD, BAD, GOOD, GOOD)
    assert breaker.state is State.HALF_OPEN
    run(breaker, 105.0, GOOD)
    assert breaker.state is State.CLOSED


def test_an_ignored_trial_gives_its_permit_back() -> None:
    breaker = opened()
    run(breaker, 105.0, *[NONE] * 50)
    assert breaker.state is State.HALF_OPEN
    run(breaker, 105.0, GOOD, GOOD)
    assert breaker.state is State.CLOSED


def test_a_lost_permit_comes_back_after_its_lease_and_then_settles_nothing() -> None:
    breaker = opened()
    lost = [breaker.acquire(105.0), breaker.acquire(105.0)]
    assert breaker.acquire(110.9) is None
    assert breaker.retry_after(110.0) == 1.0
    fresh = breaker.acquire(111.0)
    assert fresh is not None
    for token in lost:
        breaker.settle(token, BAD, 111.0)
    assert breaker.state is State.HALF_OPEN
    breaker.settle(fresh, GOOD, 111.0)
    run(breaker, 111.0, GOOD)
    assert breaker.state is State.CLOSED


def test_a_trial_that_reports_after_its_lease_settles_nothing() -> None:
    breaker = opened()
    late = breaker.acquire(105.0)
    assert late is not None
    breaker.settle(late, BAD, 111.0)
    assert breaker.state is State.HALF_OPEN


def test_a_permit_settles_once() -> None:
    breaker = opened()
    token = breaker.acquire(105.0)
    for _ in range(5):
        breaker.settle(token, GOOD, 105.0)
    assert breaker.state is State.HALF_OPEN
