"""The bulkhead with its modes and events. It never waits, so nothing here is awaited."""

from __future__ import annotations

from holdfast.errors import BulkheadFull
from holdfast.events import Bus
from holdfast.policy.bulkhead.config import BulkheadConfig
from holdfast.policy.bulkhead.core import Compartment
from holdfast.policy.mode import Mode
from holdfast.policy.observed import PolicyObserved

__all__ = ["BulkheadGuard"]


class BulkheadGuard:
    """Belongs to one loop. `enter(now)` raises BulkheadFull; every return of it needs one `leave()`."""

    __slots__ = ("_bus", "_mode", "core", "dependency", "leave")

    def __init__(self, dependency: str, config: BulkheadConfig, *, bus: Bus) -> None:
        self.dependency = dependency
        self._bus = bus
        self._mode = config.mode
        self.core = Compartment(config.limit)
        self.leave = self.core.leave

    def enter(self, now: float) -> None:
        """Take a permit, or raise BulkheadFull; in observe mode take one anyway."""
        if not self.core.try_enter():
            self._full(now)

    def _full(self, now: float) -> None:
        if self._mode is Mode.ENFORCE:
            raise BulkheadFull(self.dependency)
        self.core.enter_anyway()
        if self._mode is Mode.OBSERVE:
            why = f"{self.core.limit} in flight"
            self._bus.emit(PolicyObserved(now, "bulkhead", self.dependency, "refuse", why))
