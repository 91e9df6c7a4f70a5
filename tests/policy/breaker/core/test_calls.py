"""Outcomes counted over a number of calls."""

from __future__ import annotations

from dataclasses import replace

from holdfast.policy.breaker import Breaker, State
from tests.policy.breaker.core.made import BAD, CONFIG, GOOD, run


def test_the_last_calls_count_however_long_ago() -> None:
    breaker = Breaker(replace(CONFIG, window=None, calls=4))
    for hour in range(3):
        run(breaker, hour * 3600.0, BAD)
    assert breaker.state is State.CLOSED
    run(breaker, 9999.0, BAD)
    assert breaker.state is State.OPEN


def test_what_came_before_the_last_calls_is_forgotten() -> None:
    breaker = Breaker(replace(CONFIG, window=None, calls=4))
    run(breaker, 0.0, BAD, GOOD, GOOD, GOOD, GOOD, BAD)
    assert breaker.state is State.CLOSED
    assert breaker.counts(0.0) == (4, 1, 0)
