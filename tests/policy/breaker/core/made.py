"""Breakers, and what is done to them."""

from __future__ import annotations

from holdfast.policy.breaker import Breaker, BreakerConfig, State
from holdfast.policy.outcome import Outcome

CONFIG = BreakerConfig(window=10.0, failures=0.5, open=5.0, minimum=4, half_open=2, lease=6.0)
GOOD, BAD, NONE = Outcome.SUCCESS, Outcome.FAILURE, Outcome.IGNORED


def run(breaker: Breaker, now: float, *outcomes: Outcome) -> None:
    for outcome in outcomes:
        token = breaker.acquire(now)
        assert token is not None
        breaker.settle(token, outcome, now)


def opened(config: BreakerConfig = CONFIG, now: float = 100.0) -> Breaker:
    breaker = Breaker(config)
    run(breaker, now, *[BAD] * config.minimum)
    assert breaker.state is State.OPEN
    return breaker
