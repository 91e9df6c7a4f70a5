from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from holdfast.policy.breaker import Breaker, BreakerConfig, Signal, State
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


# slow calls


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


# over a number of calls


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


# closing


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


# by hand


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
        {"window": None},
        {"calls": 10},
        {"window": None, "calls": 3},
        {"slow": 1.0},
        {"slow_share": 0.5},
        {"slow": 1.0, "slow_share": 1.1},
        {"ramp": -1.0},
    ],
)
def test_contradictions(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must be|share"):
        replace(CONFIG, **bad)


def test_from_budget_needs_every_decision() -> None:
    assert BreakerConfig.from_budget(CONFIG, attempt=0.4) == replace(CONFIG, lease=5.4)
    few = replace(CONFIG, window=None, calls=10)
    assert BreakerConfig.from_budget(few) == replace(few, lease=5.0)

    class Undecided:
        window, calls, failures, open, minimum, half_open = 10.0, None, None, 5.0, 20, 1
        slow, slow_share, ramp, ejected = None, None, None, None

    assert BreakerConfig.from_budget(Undecided()) is None


class Life(RuleBasedStateMachine):
    """Any history: half-open never has more than its permits out, changes follow the table, time is kept."""

    @initialize(
        half_open=st.integers(1, 3),
        failures=st.sampled_from([0.1, 0.5, 1.0]),
        slow=st.sampled_from([(None, None), (0.5, 0.5)]),
        ramp=st.sampled_from([0.0, 4.0]),
        window=st.sampled_from([(10.0, None), (None, 8)]),
    )
    def build(self, half_open: int, failures: float, slow: Any, ramp: float, window: Any) -> None:
        self.config = replace(
            CONFIG,
            half_open=half_open,
            failures=failures,
            slow=slow[0],
            slow_share=slow[1],
            ramp=ramp,
            window=window[0],
            calls=window[1],
        )
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
            slow = self.config.slow is not None
            assert slow or was is not State.CLOSED or token is not None
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
            if not live and before is State.HALF_OPEN:
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
