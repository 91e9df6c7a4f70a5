"""Open: nothing passes until it has rested."""

from __future__ import annotations

from holdfast.policy.breaker import Breaker, State
from tests.policy.breaker.core.made import BAD, CONFIG, GOOD, opened, run


def test_open_refuses_until_it_has_rested() -> None:
    breaker = opened(now=100.0)
    assert breaker.acquire(104.9) is None
    assert breaker.retry_after(102.0) == 3.0
    assert breaker.next_wakeup() == 105.0
    assert breaker.acquire(105.0) is not None
    assert breaker.state is State.HALF_OPEN


def test_stragglers_from_before_settle_nothing() -> None:
    breaker = Breaker(CONFIG)
    tokens = [breaker.acquire(100.0) for _ in range(10)]
    for token in tokens[:4]:
        breaker.settle(token, BAD, 100.0)
    assert breaker.state is State.OPEN
    assert breaker.acquire(105.0) is not None
    for token in tokens[4:]:
        breaker.settle(token, BAD, 105.0)
    assert breaker.state is State.HALF_OPEN
    run(breaker, 105.0, GOOD)
    for token in tokens[4:]:
        breaker.settle(token, GOOD, 105.0)
    assert breaker.state is State.HALF_OPEN
