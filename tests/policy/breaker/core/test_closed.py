"""Closed: outcomes are counted, and open it."""

from __future__ import annotations

from holdfast.policy.breaker import Breaker, State
from tests.policy.breaker.core.made import BAD, CONFIG, GOOD, NONE, run


def test_closed_opens_at_the_ratio() -> None:
    breaker = Breaker(CONFIG)
    run(breaker, 0.0, GOOD, GOOD, GOOD, BAD, BAD)
    assert breaker.state is State.CLOSED
    run(breaker, 0.0, BAD)
    assert breaker.state is State.OPEN


def test_closed_needs_a_minimum_of_outcomes() -> None:
    breaker = Breaker(CONFIG)
    run(breaker, 0.0, BAD, BAD, BAD, NONE, NONE)
    assert breaker.state is State.CLOSED
    run(breaker, 0.0, BAD)
    assert breaker.state is State.OPEN


def test_closed_forgets_what_is_older_than_the_window() -> None:
    breaker = Breaker(CONFIG)
    run(breaker, 0.0, BAD, BAD, BAD)
    run(breaker, 11.0, BAD)
    assert breaker.state is State.CLOSED


def test_old_successes_do_not_hide_new_failures() -> None:
    breaker = Breaker(CONFIG)
    run(breaker, 0.0, *[GOOD] * 100)
    run(breaker, 11.0, *[BAD] * 4)
    assert breaker.state is State.OPEN
