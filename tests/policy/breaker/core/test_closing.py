"""Closing: a share that rises."""

from __future__ import annotations

from dataclasses import replace

import pytest

from holdfast.policy.breaker import State
from tests.policy.breaker.core.made import BAD, CONFIG, GOOD, opened, run


def test_closing_lets_a_rising_share_pass() -> None:
    breaker = opened(replace(CONFIG, ramp=10.0))
    run(breaker, 105.0, GOOD, GOOD)
    assert breaker.state is State.CLOSING

    def passing(now: float) -> int:
        return sum(breaker.acquire(now) is not None for _ in range(100))

    assert [passing(105.0), passing(110.0), passing(114.0)] == pytest.approx([10, 50, 90], abs=2)
    assert breaker.state is State.CLOSING
    assert passing(115.0) == 100
    assert breaker.state is State.CLOSED


def test_closing_opens_again_when_calls_fail() -> None:
    breaker = opened(replace(CONFIG, ramp=10.0, failures=1.0))
    run(breaker, 105.0, GOOD)
    tokens = [token for _ in range(40) if (token := breaker.acquire(105.0)) is not None]
    for token in tokens:
        breaker.settle(token, BAD, 105.1)
    assert breaker.state is State.OPEN


def test_the_calls_of_the_ramp_count_on() -> None:
    breaker = opened(replace(CONFIG, ramp=10.0))
    run(breaker, 105.0, GOOD, GOOD)
    token = breaker.acquire(114.9)
    assert breaker.acquire(115.0) is not None
    assert token is not None
    breaker.settle(token, BAD, 115.0)
    assert breaker.counts(115.0) == (1, 1, 0)
