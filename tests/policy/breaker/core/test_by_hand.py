"""Held open or closed by hand."""

from __future__ import annotations

from holdfast.policy.breaker import Breaker, Signal, State
from tests.policy.breaker.core.made import BAD, CONFIG, GOOD, opened, run


def test_held_open_nothing_passes_and_trials_follow() -> None:
    breaker = Breaker(CONFIG)
    breaker.hold(Signal.OPENED_BY_HAND, 100.0)
    assert breaker.acquire(9999.0) is None
    assert breaker.retry_after(9999.0) is None
    breaker.hold(Signal.RELEASED, 9999.0)
    run(breaker, 9999.0, GOOD, GOOD)
    assert breaker.state is State.CLOSED


def test_held_closed_everything_passes_and_nothing_counts() -> None:
    breaker = opened()
    breaker.hold(Signal.CLOSED_BY_HAND, 101.0)
    run(breaker, 101.0, *[BAD] * 100)
    assert breaker.state is State.HELD_CLOSED
    breaker.hold(Signal.RELEASED, 102.0)
    assert breaker.state is State.CLOSED
    run(breaker, 102.0, BAD, BAD, BAD)
    breaker.hold(Signal.RELEASED, 102.0)  # nothing is held
    assert breaker.counts(102.0) == (3, 3, 0)
