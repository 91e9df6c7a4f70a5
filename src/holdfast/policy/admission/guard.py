"""The gate for coroutines: waiting, modes, events, and the beat that tells it how late the loop is."""

from __future__ import annotations

import asyncio
import math
import sys

from holdfast.clock import Now, monotonic
from holdfast.errors import Shed
from holdfast.events import Bus, RequestRefused
from holdfast.policy.admission.config import AdmissionConfig
from holdfast.policy.admission.core import Fate, Gate, Refused
from holdfast.policy.admission.limit import Fixed, Limit
from holdfast.policy.admission.priority import EXEMPT, LEVELS, NORMAL, OBSERVED, Class
from holdfast.policy.admission.pulse import Pulse
from holdfast.policy.deadline.wheel import Entry, current
from holdfast.policy.mode import Mode
from holdfast.policy.observed import PolicyObserved

__all__ = ["AdmissionGuard"]

_NAMES = {int(kind): kind.name.lower() for kind in Class}


class AdmissionGuard:
    """Belongs to one loop. `core.try_enter()` first; where it says no, `await enter()`; then one `leave()`.

    Emits RequestRefused for every refusal that `enter` raises, so that its callers need not. `learns`:
    whether answers are to be noted by `core.note` and `core.note_failure` at all.
    """

    __slots__ = ("_bus", "_config", "_now", "_pulse", "_sweep", "core", "learns", "leave", "try_enter")

    def __init__(
        self,
        config: AdmissionConfig,
        *,
        bus: Bus,
        now: Now = monotonic,
        limit: Limit | None = None,
        gate: Gate | None = None,
    ) -> None:
        self._config = config
        self._bus = bus
        self._now = now
        number = limit or Fixed(sys.maxsize if config.limit is None else config.limit)
        self.core = gate or Gate(config, number)
        self.learns = not isinstance(number, Fixed)
        self.try_enter = self.core.try_enter
        self.leave = self.core.leave
        self._sweep = _Sweep(self.core, now)
        self._pulse = Pulse(self.core, now)
        self.core.alarm = self._pulse.start

    async def enter(self, priority: int = NORMAL) -> None:
        """Enter, waiting if need be. Raises Shed; a cancelled waiter leaves no trace."""
        core = self.core
        if core.try_enter():
            return
        if not core.binds(priority):
            self._pass(priority)
            return
        admitted = asyncio.get_running_loop().create_future()

        def wake() -> None:
            if not admitted.done():
                admitted.set_result(None)

        ticket = core.arrive(self._now(), wake, priority)
        if isinstance(ticket, Refused):
            raise self._shed(ticket, priority)
        self._sweep.arm()
        try:
            await admitted
        except asyncio.CancelledError:
            if not core.abandon(ticket):
                core.leave()  # the permit came together with the cancellation: pass it on
            raise
        if ticket.fate is not Fate.ADMITTED:
            raise self._shed(core.refusal(ticket), priority)

    def listen(self) -> None:
        """Look at the loop for a while: somebody has seen it late, or many are inside."""
        self._pulse.start()

    def end(self) -> None:
        """Stop the beat."""
        self._pulse.stop()

    def _shed(self, refused: Refused, priority: int) -> Shed:
        self._bus.emit(RequestRefused(self._now(), refused.reason, _NAMES[priority // LEVELS]))
        return Shed(refused.reason, retry_after=refused.retry_after)

    def would(self, would: str, why: str, priority: int = NORMAL) -> None:
        """Tell what would have been done; of a request whose route is exempt there is nothing to tell."""
        if priority < EXEMPT and (priority >= OBSERVED or self._config.mode is Mode.OBSERVE):
            self._bus.emit(PolicyObserved(self._now(), "admission", "", would, why))

    def _pass(self, priority: int) -> None:
        refused = self.core.foresee(self._now(), priority)
        self.core.enter_anyway()
        if refused is None:
            self.would("queue", "full", priority)
        else:
            self.would("refuse", refused.reason, priority)


class _Sweep(Entry):
    """One timer for the whole line: for whoever is the first to have waited long enough."""

    __slots__ = ("_at", "_core", "_now")

    def __init__(self, core: Gate, now: Now) -> None:
        super().__init__()
        self._core = core
        self._now = now
        self._at = math.inf

    def arm(self) -> None:
        at = self._core.next_wakeup()
        if at is not None and at < self._at:
            self.cancel()
            self._at = at
            current().add(at, self)

    def due(self) -> None:
        self._at = math.inf
        self._core.expire(self._now())
        self.arm()
