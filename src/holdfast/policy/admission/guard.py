"""The gate for coroutines: waiting, modes and events."""

from __future__ import annotations

import asyncio
import sys

from holdfast.clock import Now, monotonic
from holdfast.errors import Shed
from holdfast.events import Bus, RequestRefused
from holdfast.policy.admission.config import AdmissionConfig
from holdfast.policy.admission.core import Fate, Gate, Refused
from holdfast.policy.admission.limit import Fixed, Limit
from holdfast.policy.deadline.wheel import Entry, current
from holdfast.policy.mode import Mode
from holdfast.policy.observed import PolicyObserved

__all__ = ["AdmissionGuard"]


class AdmissionGuard:
    """Belongs to one loop. `core.try_enter()` first; where it says no, `await enter()`; then one `leave()`.

    Emits RequestRefused for every refusal, so that its callers need not.
    """

    __slots__ = ("_bus", "_config", "_now", "_sweep", "core", "leave", "try_enter")

    def __init__(
        self, config: AdmissionConfig, *, bus: Bus, now: Now = monotonic, limit: Limit | None = None
    ) -> None:
        self._config = config
        self._bus = bus
        self._now = now
        self.core = Gate(config, limit or Fixed(sys.maxsize if config.limit is None else config.limit))
        self.try_enter = self.core.try_enter
        self.leave = self.core.leave
        self._sweep = _Sweep(self.core, now)

    async def enter(self) -> None:
        """Enter, waiting if need be. Raises Shed; a cancelled waiter leaves no trace."""
        core = self.core
        if core.try_enter():
            return
        if self._config.mode is not Mode.ENFORCE:
            self._pass()
            return
        admitted = asyncio.get_running_loop().create_future()

        def wake() -> None:
            if not admitted.done():
                admitted.set_result(None)

        ticket = core.arrive(self._now(), wake)
        if isinstance(ticket, Refused):
            raise self._shed(ticket)
        self._sweep.arm()
        try:
            await admitted
        except asyncio.CancelledError:
            if not core.abandon(ticket):
                core.leave()  # the permit came together with the cancellation: pass it on
            raise
        if ticket.fate is Fate.EXPIRED:
            raise self._shed(core.refusal())

    def _shed(self, refused: Refused) -> Shed:
        self._bus.emit(RequestRefused(self._now(), refused.reason))
        return Shed(refused.reason, retry_after=refused.retry_after)

    def _pass(self) -> None:
        self.core.enter_anyway()
        if self._config.mode is Mode.OBSERVE:
            would = "queue" if self._config.queue else "refuse"
            self._bus.emit(PolicyObserved(self._now(), "admission", "", would, "full"))


class _Sweep(Entry):
    """One timer for the whole queue: all wait equally long, so the first to expire stands first."""

    __slots__ = ("_armed", "_core", "_now")

    def __init__(self, core: Gate, now: Now) -> None:
        super().__init__()
        self._core = core
        self._now = now
        self._armed = False

    def arm(self) -> None:
        at = self._core.next_wakeup()
        if not self._armed and at is not None:
            self._armed = True
            current().add(at, self)

    def due(self) -> None:
        self._armed = False
        self._core.expire(self._now())
        self.arm()
