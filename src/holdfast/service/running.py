"""What runs on one event loop: the gatekeeper, its policies, and a stall watch where there is none."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI
from starlette.types import ASGIApp

from holdfast.budget import Loaded
from holdfast.budget.derive import derived
from holdfast.events import Bus, RequestRefused
from holdfast.loop.watch import StallWatch, running
from holdfast.policy.admission.config import AdmissionConfig
from holdfast.policy.admission.guard import AdmissionGuard
from holdfast.policy.deadline.config import DeadlineConfig
from holdfast.policy.deadline.wheel import current
from holdfast.policy.mode import Mode
from holdfast.service.gatekeeper import Gatekeeper
from holdfast.service.gatekeeper.ledger import Ledger
from holdfast.service.health import probes
from holdfast.service.identity import Identity
from holdfast.service.refusal import refuser
from holdfast.telemetry import process
from holdfast.telemetry.board import Slot

__all__ = ["Running"]


class Running:
    """Made on the loop that it belongs to; `end` stops what it started."""

    __slots__ = ("_admission", "_slot", "_watch", "gatekeeper", "loop", "serving")

    def __init__(
        self,
        app: FastAPI,
        stack: ASGIApp,
        loaded: Loaded,
        *,
        bus: Bus,
        slot: Slot,
        identity: Identity,
        timing: bool,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.serving = True
        identity.after_fork()
        self._slot = slot
        budget, admission = loaded.budget, _admission(loaded)
        self._admission = AdmissionGuard(admission, bus=bus)
        slot.limit = admission.limit or 0
        bus.subscribe(RequestRefused, self._refused)
        routed = {getattr(route, "path", None) for route in app.routes}
        own = {path: probe for path, probe in probes(self._ready).items() if path not in routed}
        self.gatekeeper = Gatekeeper(
            stack,
            identity=identity,
            admission=self._admission,
            deadline=DeadlineConfig.from_budget(budget.deadline),
            wheel=current(),
            ledger=Ledger(slot.requests, budget.objective.p99),
            refuse=refuser(app.user_middleware),
            probes=own,
            timing=timing,
        )
        self._watch: StallWatch | None = None
        process.sampled(self._sample)
        if not running():
            self._watch = StallWatch(
                bus.emit,
                threshold=budget.loop.stall,
                in_flight=lambda: self._admission.core.in_flight,
                on_beat=self._beat,
            )
            self._watch.start()

    @property
    def in_flight(self) -> int:
        """Requests that were admitted and have not left."""
        return self._admission.core.in_flight

    def end(self) -> None:
        """Stop; from here on /readyz says no."""
        if self.serving:
            self.serving = False
            process.unsampled(self._sample)
        if self._watch is not None:
            self._watch.stop()
            self._watch = None

    def _ready(self) -> bool:
        return self.serving and self._slot.state != "draining"

    def _refused(self, event: RequestRefused) -> None:
        if self.serving:
            self._slot.refused.row(event.reason)[0] += 1

    def _sample(self, slot: Slot) -> None:
        slot.queued = self._admission.core.queued

    def _beat(self, now: float, lag: float) -> None:
        process.beat(now, lag)
        self._slot.in_flight = self._admission.core.in_flight


def _admission(loaded: Loaded) -> AdmissionConfig:
    """Return the limits of this worker: its share of what the budget says or implies; none: count only."""
    numbers = derived(loaded)
    limit, queue = numbers.get("admission.limit"), numbers.get("admission.queue")
    if limit is None:
        return AdmissionConfig(None, mode=Mode.OBSERVE)
    wait = loaded.budget.admission.wait
    places = int(queue.value) if queue is not None and wait > 0 else 0
    return AdmissionConfig(int(limit.value), places, wait)
