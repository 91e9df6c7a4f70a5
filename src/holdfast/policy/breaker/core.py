"""The breaker: a state machine over a window of outcomes.

`acquire` gives every call a token, and `settle` gives the call's outcome back under it. A token is worth
what its state is: one from before a change of state settles nothing, so that stragglers of an outage do not
judge the recovery. In half-open the tokens are leases: one whose call never settles (its task was lost)
comes back after its time, so that a breaker cannot be stuck half-open; and a lease that was taken back
settles nothing. Where slow calls count, those still in flight do as well, once they have become slow.
"""

from __future__ import annotations

from collections.abc import Callable

from holdfast.policy.breaker.config import BreakerConfig
from holdfast.policy.breaker.flights import Flights
from holdfast.policy.breaker.states import Signal, State, follow
from holdfast.policy.breaker.tally import Counts, LastCalls, LastSeconds, Tally
from holdfast.policy.outcome import Outcome

__all__ = ["Breaker", "Change"]

_NEVER = float("-inf")

# The share of calls that pass when a ramp begins; Envoy, slow_start_config.min_weight_percent, 10%.
_RAMP_FROM = 0.1

_FREE = -1  # the token of a call that passes without being counted

Change = Callable[[float, State, State, Signal], None]
"""Called after a change: now, old state, new state, why."""


def _unwatched(now: float, old: State, new: State, why: Signal) -> None:
    pass


class Breaker:
    """Pure: time comes in, decisions go out. `changed` is called after each change of state."""

    __slots__ = (
        "_changed",
        "_config",
        "_credit",
        "_failed",
        "_flights",
        "_lease_length",
        "_leases",
        "_passed",
        "_serial",
        "_since",
        "_tally",
        "_token",
        "state",
    )

    def __init__(self, config: BreakerConfig, *, changed: Change = _unwatched) -> None:
        self._config = config
        self._changed = changed
        self._tally = _tally(config)
        self._flights = None if config.slow is None else Flights(config.slow)
        self._lease_length = config.open if config.lease is None else config.lease
        self._serial = 1  # tokens and leases are drawn from it, so that no two are ever equal
        self._token = 1  # that of the closed state, one for all its calls
        self._since = 0.0  # when the state began
        self._credit = 0.0  # of the ramp: a call passes for each whole one
        self._leases: dict[int, float] = {}  # lease -> when it comes back, the earliest first
        self._passed = 0
        self._failed = 0
        self.state = State.CLOSED

    def acquire(self, now: float) -> int | None:
        """Return a token for a call that starts now, or None: it must not."""
        if self.state is State.CLOSED:
            return self._token if self._flights is None else self._watch(self._flights, now)
        if self.state is State.HELD_CLOSED:
            return _FREE
        if self.state is State.CLOSING:
            return self._ramp(now)
        if self.state is State.OPEN and now >= self._since + self._config.open:
            self._move(Signal.RESTED, now)
        return self._lease(now) if self.state is State.HALF_OPEN else None

    def settle(self, token: int, outcome: Outcome, now: float) -> None:
        """Tell how the call under `token` went. Once a token; a worthless one is ignored."""
        if token == self._token:
            if outcome is Outcome.SUCCESS:
                self._tally.good(now)
            elif outcome is Outcome.FAILURE:
                self._bad(now, failed=True, slow=False)
        elif self._leases:
            self._trial(token, outcome, now)
        elif self._flights is not None and (slow := self._flights.end(token, now)) is not None:
            self._landed(outcome, slow, now)

    def hold(self, signal: Signal, now: float) -> None:
        """Open or close by hand, or release: the signals BY_HAND of the table; nothing to release is fine."""
        if signal is not Signal.RELEASED or self.state in (State.HELD_OPEN, State.HELD_CLOSED):
            self._move(signal, now)

    def counts(self, now: float) -> Counts:
        """Return what the window holds."""
        return self._tally.counts(now)

    def retry_after(self, now: float) -> float | None:
        """Return the seconds until `acquire` may say yes: until half-open, or until a lease comes back.

        None when held open: nobody knows.
        """
        if self.state is State.HELD_OPEN:
            return None
        if self.state is State.OPEN:
            return max(0.0, self._since + self._config.open - now)
        if self._leases:
            return min(self._config.open, max(0.0, next(iter(self._leases.values())) - now))
        return 0.0

    def next_wakeup(self) -> float | None:
        """Return when an open breaker half-opens if then asked; None in the other states."""
        return self._since + self._config.open if self.state is State.OPEN else None

    def _watch(self, flights: Flights, now: float) -> int | None:
        for _ in range(flights.overdue(now)):
            self._bad(now, failed=False, slow=True)
            if self.state is State.OPEN:
                return None
        self._serial += 1
        flights.start(self._serial, now)
        return self._serial

    def _landed(self, outcome: Outcome, slow: bool, now: float) -> None:
        failed = outcome is Outcome.FAILURE
        if failed or (slow and outcome is Outcome.SUCCESS):
            self._bad(now, failed=failed, slow=slow)
        elif outcome is Outcome.SUCCESS:
            self._tally.good(now)

    def _bad(self, now: float, *, failed: bool, slow: bool) -> None:
        config = self._config
        self._tally.bad(now, failed=failed, slow=slow)
        calls, failures, slows = self._tally.counts(now)
        if calls < config.minimum:
            return
        if failures >= config.failures * calls:
            self._move(Signal.FAILING, now)
        elif config.slow_share is not None and slows >= config.slow_share * calls:
            self._move(Signal.SLOW, now)

    def _ramp(self, now: float) -> int | None:
        share = max(_RAMP_FROM, (now - self._since) / self._config.ramp)
        if share >= 1:
            self._move(Signal.RAMPED, now)
        else:
            self._credit += share
            if self._credit < 1:
                return None
            self._credit -= 1
        return self._token if self._flights is None else self._watch(self._flights, now)

    def _lease(self, now: float) -> int | None:
        leases = self._leases
        while leases and (oldest := next(iter(leases))) and leases[oldest] <= now:
            del leases[oldest]
        if len(leases) + self._passed + self._failed >= self._config.half_open:
            return None
        self._serial += 1
        leases[self._serial] = now + self._lease_length
        return self._serial

    def _trial(self, lease: int, outcome: Outcome, now: float) -> None:
        returns = self._leases.pop(lease, _NEVER)
        if returns <= now:
            return  # of an earlier state, or taken back
        slow = self._config.slow is not None and now - (returns - self._lease_length) >= self._config.slow
        if outcome is Outcome.FAILURE or (slow and outcome is Outcome.SUCCESS):
            self._failed += 1
        elif outcome is Outcome.SUCCESS:
            self._passed += 1
        enough = self._config.failures * self._config.half_open
        if self._failed >= enough:
            self._move(Signal.TRIALS_FAILED, now)
        elif self._config.half_open - self._passed < enough:
            self._move(Signal.TRIALS_PASSED, now)
            if not self._config.ramp:
                self._move(Signal.RAMPED, now)

    def _move(self, signal: Signal, now: float) -> None:
        old, self.state = self.state, follow(self.state, signal)
        self._since = now
        if signal is not Signal.RAMPED:  # else the calls of the ramp count on
            self._begin()
        self._changed(now, old, self.state, signal)

    def _begin(self) -> None:
        self._leases.clear()
        self._passed = self._failed = 0
        self._serial += 1
        self._credit = 1.0
        counting = self._flights is None and self.state in (State.CLOSED, State.CLOSING)
        self._token = self._serial if counting else 0
        if self._flights is not None:
            self._flights.clear()
        if self.state is not State.OPEN:
            self._tally.clear()


def _tally(config: BreakerConfig) -> Tally:
    if config.window is not None:
        return LastSeconds(config.window, config.buckets)
    assert config.calls is not None  # noqa: S101 - the configuration has one of the two
    return LastCalls(config.calls)
