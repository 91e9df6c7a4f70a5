from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

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


# closed


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


# open


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


# half-open


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


@pytest.mark.parametrize(
    "bad",
    [
        {"window": 0.0},
        {"failures": 0.0},
        {"failures": 1.1},
        {"open": -1.0},
        {"minimum": 0},
        {"half_open": 0},
        {"lease": 0.0},
        {"buckets": 1},
    ],
)
def test_contradictions(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must be|share"):
        replace(CONFIG, **bad)


def test_from_budget_needs_every_decision() -> None:
    assert BreakerConfig.from_budget(CONFIG, attempt=0.4) == replace(CONFIG, lease=5.4)

    class Undecided:
        window, failures, open, minimum, half_open = 10.0, None, 5.0, 20, 1

    assert BreakerConfig.from_budget(Undecided()) is None


class Life(RuleBasedStateMachine):
    """Any history: half-open never has more than its permits out, changes follow the table, time is kept."""

    @initialize(half_open=st.integers(1, 3), failures=st.sampled_from([0.1, 0.5, 1.0]))
    def build(self, half_open: int, failures: float) -> None:
        self.config = replace(CONFIG, half_open=half_open, failures=failures)
        self.moves: list[tuple[float, State, State]] = []
        self.breaker = Breaker(
            self.config, changed=lambda at, old, new, why: self.moves.append((at, old, new))
        )
        self.now = 50.0
        self.calls: list[tuple[int, float, int]] = []  # token, since, era
        self.concluded = 0
        self.era = 0

    @rule(times=st.integers(1, 6))
    def call(self, times: int) -> None:
        for _ in range(times):
            was = self.breaker.state
            token = self.breaker.acquire(self.now)
            self._watch()
            assert was is not State.CLOSED or token is not None
            if token is not None:
                self.calls.append((token, self.now, self.era))

    @rule(data=st.data(), outcome=st.sampled_from(Outcome))
    def end(self, data: st.DataObject, outcome: Outcome) -> None:
        if self.calls:
            token, since, era = self.calls.pop(data.draw(st.integers(0, len(self.calls) - 1)))
            live = era == self.era and since + (self.config.lease or 0) > self.now
            before = self.breaker.state
            self.breaker.settle(token, outcome, self.now)
            if before is State.HALF_OPEN and live and outcome is not NONE:
                self.concluded += 1
            if not live and before is not State.CLOSED:
                assert self.breaker.state is before
            self._watch()

    @rule(seconds=st.floats(0, 7))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    def _watch(self) -> None:
        if len(self.moves) != self.era:
            self.era = len(self.moves)
            self.concluded = 0

    @invariant()
    def bounded(self) -> None:
        if not hasattr(self, "breaker") or self.breaker.state is not State.HALF_OPEN:
            return
        lease = self.config.lease or 0
        out = sum(1 for _, since, era in self.calls if era == self.era and since + lease > self.now)
        assert out + self.concluded <= self.config.half_open

    @invariant()
    def rests(self) -> None:
        if hasattr(self, "moves"):
            for (at, _, new), (then, old, _) in zip(self.moves, self.moves[1:], strict=False):
                assert new is old
                assert new is not State.OPEN or then - at >= self.config.open - 1e-9


TestLife = Life.TestCase
