"""What runs on one event loop: the gatekeeper, its policies, and a stall watch where there is none."""

from __future__ import annotations

import asyncio
from typing import Protocol

from fastapi import FastAPI
from starlette.types import ASGIApp

from holdfast.budget import Loaded
from holdfast.events import Bus
from holdfast.loop.watch import StallWatch, running
from holdfast.policy.admission.config import AdmissionConfig
from holdfast.policy.admission.guard import AdmissionGuard
from holdfast.policy.call.config import CallConfig
from holdfast.policy.deadline.config import DeadlineConfig
from holdfast.policy.deadline.wheel import current
from holdfast.policy.mode import Mode
from holdfast.service.gatekeeper import Gatekeeper
from holdfast.service.gatekeeper.ledger import Ledger
from holdfast.service.health import probes
from holdfast.service.identity import Identity
from holdfast.service.numbers import numbers
from holdfast.service.observing import tell
from holdfast.service.refusal import refuser
from holdfast.telemetry import process
from holdfast.telemetry.board import DependencyCell, Slot

__all__ = ["Running", "count"]


class Counting(Protocol):
    """A dependency's client, as far as the board needs it."""

    @property
    def config(self) -> CallConfig:
        """Its policies."""

    @property
    def in_flight(self) -> int:
        """Calls in flight on the running loop."""


class Running:
    """Made on the loop that it belongs to; `end` stops what it started."""

    __slots__ = ("_admission", "_clients", "_ledger", "_slot", "_watch", "loop", "serve", "serving")

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
        self._clients: dict[str, Counting] = {}
        budget, admission = loaded.budget, _admission(loaded)
        self._admission = AdmissionGuard(admission, bus=bus)
        slot.limit = admission.limit or 0
        deadline = DeadlineConfig.from_budget(budget.deadline)
        if admission.mode is Mode.OBSERVE:
            tell(slot, "admission", ["admission.limit", "traffic.peak and objective.p99, which imply it"])
        if deadline.mode is Mode.OBSERVE:
            tell(slot, "deadline", ["deadline.default"])
        routed = {getattr(route, "path", None) for route in app.routes}
        own = {path: probe for path, probe in probes(self._ready).items() if path not in routed}
        self._ledger = Ledger(slot.requests, budget.objective.p99)
        # The bound method itself: calling an instance looks for its `__call__` on every request.
        self.serve = Gatekeeper(
            stack,
            identity=identity,
            admission=self._admission,
            deadline=deadline,
            wheel=current(),
            ledger=self._ledger,
            refuse=refuser(app.user_middleware),
            probes=own,
            timing=timing,
            late=lambda: count(slot, "deadline"),
        ).__call__
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

    def attach(self, name: str, client: Counting) -> None:
        """Have the calls in flight of a dependency's client on the board, and say what it only observes."""
        self._clients[name] = client
        if client.config.missing:
            tell(self._slot, f"dependency {name}", client.config.missing)

    @property
    def in_flight(self) -> int:
        """Requests that were admitted and have not left."""
        return self._admission.core.in_flight

    def end(self) -> None:
        """Stop; from here on /readyz says no."""
        if self.serving:
            self.serving = False
            process.unsampled(self._sample)
            self._ledger.fold()
        if self._watch is not None:
            self._watch.stop()
            self._watch = None

    def _ready(self) -> bool:
        return self.serving and self._slot.state != "draining"

    def _sample(self, slot: Slot) -> None:
        self._ledger.fold()
        slot.queued = self._admission.core.queued
        for name, client in self._clients.items():
            slot.dependencies.row(name)[DependencyCell.IN_FLIGHT] = client.in_flight

    def _beat(self, now: float, lag: float) -> None:
        process.beat(now, lag)
        self._slot.in_flight = self._admission.core.in_flight


def count(slot: Slot, cause: str) -> None:
    """Count a request that ended in an error."""
    slot.errors.row(cause)[0] += 1


def _admission(loaded: Loaded) -> AdmissionConfig:
    """Return the limits of this worker: its share of what the budget says or implies; none: count only."""
    found = numbers(loaded)
    limit, queue = found.get("admission.limit"), found.get("admission.queue")
    if limit is None:
        return AdmissionConfig(None, mode=Mode.OBSERVE)
    wait = loaded.budget.admission.wait
    places = int(queue.value) if queue is not None and wait > 0 else 0
    return AdmissionConfig(int(limit.value), places, wait)
