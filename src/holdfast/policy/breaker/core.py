"""The breaker: a state machine over a window of outcomes.

`acquire` gives every call a token, and `settle` gives the call's outcome back under it. A token is worth
what its state is: one from before a change of state settles nothing, so that stragglers of an outage do not
judge the recovery. In half-open the tokens are leases: one whose call never settles (its task was lost)
comes back after its time, so that a breaker cannot be stuck half-open; and a lease that was taken back
settles nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from holdfast.policy.breaker.config import BreakerConfig
from holdfast.policy.breaker.states import Signal, State, follow
from holdfast.policy.outcome import Outcome
from holdfast.policy.window import Window

__all__ = ["Breaker", "Change"]

_NEVER = float("-inf")

Change = Callable[[float, State, State, Signal], None]
"""Called after a change: now, old state, new state, why."""


def _unwatched(now: float, old: State, new: State, why: Signal) -> None:
    pass


class Breaker:
    """Pure: time comes in, decisions go out. `changed` is called after each change of state."""

    __slots__ = (
        "_changed",
        "_config",
        "_failed",
        "_failures",
        "_lease_length",
        "_leases",
        "_passed",
        "_rested",
        "_serial",
        "_successes",
        "_token",
        "state",
    )

    def __init__(self, config: BreakerConfig, *, changed: Change = _unwatched) -> None:
        self._config = config
        self._changed = changed
        self._successes = Window(config.window, config.buckets)
        self._failures = Window(config.window, config.buckets)
        self._lease_length = config.open if config.lease is None else config.lease
        self._serial = 1  # tokens and leases are drawn from it, so that no two are ever equal
        self._token = 1  # that of the closed state, one for all its calls
        self._rested = 0.0
        self._leases: dict[int, float] = {}  # lease -> when it comes back, the earliest first
        self._passed = 0
        self._failed = 0
        self.state = State.CLOSED

    def acquire(self, now: float) -> int | None:
        """Return a token for a call that starts now, or None: it must not."""
        if self.state is State.CLOSED:
            return self._token
        if self.state is State.OPEN:
            if now < self._rested:
                return None
            self._move(Signal.RESTED, now)
        return self._lease(now)

    def settle(self, token: int, outcome: Outcome, now: float) -> None:
        """Tell how the call under `token` went. Once a token; a worthless one is ignored."""
        if token == self._token:
            if outcome is Outcome.SUCCESS:
                self._successes.add(now)
            elif outcome is Outcome.FAILURE:
                self._failing(now)
        elif self._leases:
            self._trial(token, outcome, now)

    def retry_after(self, now: float) -> float:
        """Return the seconds until `acquire` may say yes: until half-open, or until a lease comes back."""
        if self.state is State.OPEN:
            return max(0.0, self._rested - now)
        if self._leases:
            return min(self._config.open, max(0.0, next(iter(self._leases.values())) - now))
        return 0.0

    def next_wakeup(self) -> float | None:
        """Return when an open breaker half-opens if then asked; None in the other states."""
        return self._rested if self.state is State.OPEN else None

    def _failing(self, now: float) -> None:
        self._failures.add(now)
        failures = self._failures.total
        calls = failures + self._successes.roll(now)
        if calls >= self._config.minimum and failures >= self._config.failures * calls:
            self._move(Signal.FAILING, now)

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
        if self._leases.pop(lease, _NEVER) <= now:
            return  # of an earlier state, or taken back
        if outcome is Outcome.SUCCESS:
            self._passed += 1
        elif outcome is Outcome.FAILURE:
            self._failed += 1
        enough = self._config.failures * self._config.half_open
        if self._failed >= enough:
            self._move(Signal.TRIALS_FAILED, now)
        elif self._config.half_open - self._passed < enough:
            self._move(Signal.TRIALS_PASSED, now)

    def _move(self, signal: Signal, now: float) -> None:
        old, self.state = self.state, follow(self.state, signal)
        self._leases.clear()
        self._passed = self._failed = 0
        self._serial += 1
        self._token = self._serial if self.state is State.CLOSED else 0
        if self.state is State.CLOSED:
            self._successes.clear()
            self._failures.clear()
        elif self.state is State.OPEN:
            self._rested = now + self._config.open
        self._changed(now, old, self.state, signal)
