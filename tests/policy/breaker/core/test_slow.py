"""Slow calls, those in flight among them."""

from __future__ import annotations

from dataclasses import replace

from holdfast.policy.breaker import Breaker, State
from tests.policy.breaker.core.made import BAD, CONFIG, GOOD, NONE, opened, run

SLOW = replace(CONFIG, slow=1.0, slow_share=0.5)


def test_slow_calls_open_it() -> None:
    breaker = Breaker(SLOW)
    run(breaker, 0.0, GOOD, GOOD)
    tokens = [breaker.acquire(0.0) for _ in range(2)]
    for token in tokens:
        assert token is not None
        breaker.settle(token, GOOD, 1.0)
    assert breaker.state is State.OPEN
    assert breaker.counts(1.0) == (4, 0, 2)


def test_calls_in_flight_are_slow_before_they_end() -> None:
    breaker = Breaker(SLOW)
    tokens = [breaker.acquire(0.0) for _ in range(4)]
    assert breaker.acquire(0.9) is not None
    assert breaker.acquire(1.0) is None  # nothing has ended, and nothing has failed
    assert breaker.state is State.OPEN
    for token in tokens:
        assert token is not None
        breaker.settle(token, BAD, 1.1)
    assert breaker.counts(1.1) == (4, 0, 4)


def test_a_call_is_counted_once_however_it_ends() -> None:
    breaker = Breaker(replace(SLOW, minimum=20))
    slow = breaker.acquire(0.0)
    assert breaker.acquire(1.0) is not None
    assert slow is not None
    for _ in range(3):
        breaker.settle(slow, BAD, 1.5)
    assert breaker.counts(1.5) == (1, 0, 1)


def test_a_slow_call_that_was_cancelled_in_time_counts_for_nothing() -> None:
    breaker = Breaker(SLOW)
    run(breaker, 0.0, NONE)
    assert breaker.counts(0.0) == (0, 0, 0)


def test_a_slow_trial_is_a_failed_one() -> None:
    breaker = opened(SLOW)
    token = breaker.acquire(105.0)
    assert token is not None
    breaker.settle(token, GOOD, 106.0)
    assert breaker.state is State.OPEN
