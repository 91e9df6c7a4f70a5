"""The throttle with its modes and events. It never waits, so nothing here is awaited."""

from __future__ import annotations

import random
from collections.abc import Callable

from holdfast.errors import Throttled
from holdfast.events import Bus
from holdfast.policy.mode import Mode
from holdfast.policy.observed import PolicyObserved
from holdfast.policy.throttle.config import ThrottleConfig
from holdfast.policy.throttle.core import Throttle

__all__ = ["ThrottleGuard"]


class ThrottleGuard:
    """Belongs to one loop. `enter(now)` raises Throttled; `asked` and `shed` tell of one that was made."""

    __slots__ = ("_admits", "_bus", "_mode", "asked", "core", "dependency", "shed")

    def __init__(
        self,
        dependency: str,
        config: ThrottleConfig,
        *,
        bus: Bus,
        random: Callable[[], float] = random.random,
    ) -> None:
        self.dependency = dependency
        self._bus = bus
        self._mode = config.mode
        self.core = Throttle(config, random=random)
        self._admits = self.core.admits
        self.asked = self.core.asked
        self.shed = self.core.shed

    def enter(self, now: float) -> None:
        """Return, or raise Throttled."""
        if not self._admits(now):
            self._refuse(now)

    def _refuse(self, now: float) -> None:
        if self._mode is Mode.ENFORCE:
            self.core.refused(now)
            raise Throttled(self.dependency)
        if self._mode is Mode.OBSERVE:
            self._bus.emit(
                PolicyObserved(now, "throttle", self.dependency, "refuse", "it refuses for want of room")
            )
