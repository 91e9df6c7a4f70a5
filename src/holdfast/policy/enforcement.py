"""How far a policy goes that has nothing to wait for: asked each time before it refuses or cuts."""

from __future__ import annotations

from holdfast.clock import Now, monotonic
from holdfast.events import Bus
from holdfast.policy.mode import Mode
from holdfast.policy.observed import PolicyObserved

__all__ = ["ENFORCED", "Enforcement"]


class Enforcement:
    """Of `policy`, as PolicyObserved names it. `binds`: whether it acts; `off`: whether it is absent."""

    __slots__ = ("_bus", "_mode", "_now", "_policy", "binds", "off")

    def __init__(self, policy: str, mode: Mode, bus: Bus, *, now: Now = monotonic) -> None:
        self._policy = policy
        self._mode = mode
        self._bus = bus
        self._now = now
        self.binds = mode is Mode.ENFORCE
        self.off = mode is Mode.OFF

    def acts(self, would: str, why: str, subject: str = "") -> bool:
        """Whether to do it. Where the policy only observes it is told; `would` and `why` as in the event."""
        if self._mode is Mode.OBSERVE:
            self._bus.emit(PolicyObserved(self._now(), self._policy, subject, would, why))
        return self.binds


ENFORCED = Enforcement("", Mode.ENFORCE, Bus())
"""Of a policy that nobody told to do less."""
