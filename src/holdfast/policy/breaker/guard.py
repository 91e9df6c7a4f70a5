"""The breaker with its modes and events. It never waits, so nothing here is awaited."""

from __future__ import annotations

from holdfast.errors import BreakerOpen
from holdfast.events import BreakerChanged, Bus
from holdfast.policy.breaker.config import BreakerConfig
from holdfast.policy.breaker.core import Breaker
from holdfast.policy.breaker.states import Signal, State
from holdfast.policy.mode import Mode
from holdfast.policy.observed import PolicyObserved

__all__ = ["BreakerGuard"]

# A call that an observing breaker let pass though it would not have: it settles nothing.
_UNCOUNTED = -1


class BreakerGuard:
    """Belongs to one loop. `enter(now)` gives a token or raises BreakerOpen; `settle` takes it back, once."""

    __slots__ = ("_bus", "_mode", "core", "dependency", "settle")

    def __init__(self, dependency: str, config: BreakerConfig, *, bus: Bus) -> None:
        self.dependency = dependency
        self._bus = bus
        self._mode = config.mode
        self.core = Breaker(config, changed=self._changed)
        self.settle = self.core.settle

    def enter(self, now: float) -> int:
        """Return the token of a call that starts now, or raise BreakerOpen."""
        token = self.core.acquire(now)
        return self._refuse(now) if token is None else token

    def _refuse(self, now: float) -> int:
        if self._mode is Mode.ENFORCE:
            raise BreakerOpen(self.dependency, retry_after=self.core.retry_after(now))
        if self._mode is Mode.OBSERVE:
            why = self.core.state.value
            self._bus.emit(PolicyObserved(now, "breaker", self.dependency, "refuse", why))
        return _UNCOUNTED

    def _changed(self, now: float, old: State, new: State, why: Signal) -> None:
        self._bus.emit(BreakerChanged(now, self.dependency, old.value, new.value, why.value))
