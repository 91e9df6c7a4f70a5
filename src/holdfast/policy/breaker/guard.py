"""The breaker with its modes and events. It never waits, so nothing here is awaited."""

from __future__ import annotations

from holdfast.clock import Now, monotonic
from holdfast.errors import BreakerOpen
from holdfast.events import BreakerChanged, Bus
from holdfast.policy.breaker.config import BreakerConfig
from holdfast.policy.breaker.core import Breaker
from holdfast.policy.breaker.states import Signal, State
from holdfast.policy.mode import Mode
from holdfast.policy.observed import PolicyObserved

__all__ = ["UNCOUNTED", "BreakerGuard"]

UNCOUNTED = -1
"""The token of a call that was let pass though the breaker would not have: it settles nothing."""


class BreakerGuard:
    """Belongs to one loop. `enter(now)` gives a token or raises BreakerOpen; `settle` takes it back, once."""

    __slots__ = ("_acquire", "_bus", "_mode", "_now", "core", "dependency", "settle")

    def __init__(self, dependency: str, config: BreakerConfig, *, bus: Bus, now: Now = monotonic) -> None:
        self.dependency = dependency
        self._bus = bus
        self._now = now
        self._mode = config.mode
        self.core = Breaker(config, changed=self._changed)
        self._acquire = self.core.acquire
        self.settle = self.core.settle

    def enter(self, now: float) -> int:
        """Return the token of a call that starts now, or raise BreakerOpen."""
        token = self._acquire(now)
        return self._refuse(now) if token is None else token

    def check(self, now: float) -> None:
        """Raise BreakerOpen where it has opened since a call that has a token, and has not begun yet."""
        if self._mode is Mode.ENFORCE and self.core.state in (State.OPEN, State.HELD_OPEN):
            raise BreakerOpen(self.dependency, retry_after=self.core.retry_after(now))

    def open(self) -> None:
        """Open it by hand: nothing passes until `close` or `release`."""
        self.core.hold(Signal.OPENED_BY_HAND, self._now())

    def close(self) -> None:
        """Close it by hand: everything passes, whatever comes of it, until `open` or `release`."""
        self.core.hold(Signal.CLOSED_BY_HAND, self._now())

    def release(self) -> None:
        """Leave it to the outcomes again: from open by way of trials, from closed as new."""
        self.core.hold(Signal.RELEASED, self._now())

    def _refuse(self, now: float) -> int:
        if self._mode is Mode.ENFORCE:
            raise BreakerOpen(self.dependency, retry_after=self.core.retry_after(now))
        if self._mode is Mode.OBSERVE:
            why = self.core.state.value
            self._bus.emit(PolicyObserved(now, "breaker", self.dependency, "refuse", why))
        return UNCOUNTED

    def _changed(self, now: float, old: State, new: State, why: Signal) -> None:
        if old.shown != new.shown:
            self._bus.emit(BreakerChanged(now, self.dependency, old.shown, new.shown, why.value))
