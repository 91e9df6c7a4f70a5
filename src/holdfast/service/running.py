"""What runs on one event loop: the gatekeeper, its policies, and a stall watch where there is none."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI
from starlette.types import ASGIApp

from holdfast.budget import Loaded
from holdfast.clock import monotonic
from holdfast.events import Bus, CallEnded, RequestRefused, StallSeen
from holdfast.loop.spared import Spared
from holdfast.loop.watch import StallWatch, running
from holdfast.policy.deadline.config import DeadlineConfig
from holdfast.policy.deadline.wheel import current
from holdfast.policy.enforcement import Enforcement
from holdfast.policy.mode import Mode, Modes
from holdfast.policy.share import share
from holdfast.service.beside import Beside
from holdfast.service.caller import Callers
from holdfast.service.causes import Causes
from holdfast.service.dependencies import Dependencies
from holdfast.service.drain.drain import Callback, Drain
from holdfast.service.drain.here import entered, left
from holdfast.service.entrance import Entrance, MakeGate, MakeLimit
from holdfast.service.gatekeeper import Gatekeeper
from holdfast.service.gatekeeper.bodies import Bodies
from holdfast.service.gatekeeper.instead import Instead
from holdfast.service.gatekeeper.ledger import Ledger
from holdfast.service.gatekeeper.slow import SlowLog
from holdfast.service.gatekeeper.spent import Stalls, spend
from holdfast.service.gatekeeper.terms import finder
from holdfast.service.gatekeeper.websockets import WebSockets, has_any
from holdfast.service.health import HealthConfig, OwnReadiness, probes
from holdfast.service.identity import Identity
from holdfast.service.inside import Inside
from holdfast.service.numbers import workers
from holdfast.service.observing import enforcement, observing, tell
from holdfast.service.ratelimit.limits import RateLimits
from holdfast.telemetry import process
from holdfast.telemetry.board import Slot, SlotCell
from holdfast.telemetry.buckets import bounds_with
from holdfast.telemetry.logs.json_logs import JsonLogs
from holdfast.telemetry.logs.records import installed
from holdfast.telemetry.traces.annotations import Annotations
from holdfast.telemetry.traces.provider import Provider

__all__ = ["Running"]


class Running:
    """Made on the loop that it belongs to; `end` stops what it started."""

    __slots__ = (
        "_annotations",
        "_bodies",
        "_bus",
        "_causes",
        "_dependencies",
        "_health",
        "_inside",
        "_ledger",
        "_logs",
        "_slot",
        "_spans",
        "_spared",
        "_stalls",
        "_watch",
        "beside",
        "drain",
        "entrance",
        "loop",
        "ratelimits",
        "serve",
        "serve_websocket",
        "serving",
    )

    def __init__(
        self,
        app: FastAPI,
        stack: ASGIApp,
        loaded: Loaded,
        *,
        bus: Bus,
        slot: Slot,
        identity: Identity,
        causes: Causes,
        dependencies: Dependencies,
        timing: bool,
        limit: MakeLimit | None = None,
        gate: MakeGate | None = None,
        on_drain: list[Callback] | None = None,
    ) -> None:
        budget = loaded.budget
        self.loop = asyncio.get_running_loop()
        self.serving = True
        identity.after_fork()
        self._logs = JsonLogs.started(budget.log, budget.service.name)
        if not process.supervised():  # else the supervisor has said them to all workers at once
            process.board().bounds = bounds_with(budget.objective.thresholds)
        self._bus, self._slot, self._causes, self._dependencies = bus, slot, causes, dependencies
        callers = Callers(budget.trust)
        routed = {getattr(route, "path", None) for route in app.routes}
        own = {path: probe for path, probe in probes(self._ready).items() if path not in routed}
        self.entrance = Entrance(
            app, loaded, bus=bus, slot=slot, callers=callers, never=own, limit=limit, gate=gate
        )
        self._spans = Provider.started(
            budget.trace,
            budget.service.name,
            never=own,
            redact=budget.log.redact,
            export=not getattr(app, "_telemetry", {}).get("auto_configure", False),
        )
        core = self.entrance.gate
        deadline = DeadlineConfig.from_budget(budget.deadline)
        if deadline.default is None:
            tell(slot, "deadline", ["deadline.default"])
        else:
            observing(slot, "deadline", Modes.of(budget.deadline))
        if budget.websocket.limit is None and has_any(app):
            tell(slot, "websocket", ["websocket.limit"])
        dependencies.begin(slot)
        self._stalls = Stalls()
        bus.subscribe(CallEnded, spend)
        bus.subscribe(StallSeen, self._stalls.see)
        self._spared = Spared(budget.loop.kill, enforcement(slot, bus, "kill", budget.loop.mode))
        bus.subscribe(StallSeen, self._spared.see)
        self._annotations = Annotations(bus)
        self._ledger = Ledger(
            slot.requests,
            budget.objective.p99,
            process.board().bounds,
            failed=causes.answered,
            slow=SlowLog(self._stalls),
        )
        self.beside = Beside(loaded, enforcement(slot, bus, "offload", budget.offload.mode))
        self._bodies = bodies = Bodies(
            budget.connection, self.entrance.room, current(), enforcement=self.entrance.connection
        )
        self.drain = Drain(
            lambda: core.in_flight + core.queued + bodies.outside, self.beside.opened, on_drain
        )
        entered(self.drain)
        self._health = OwnReadiness(HealthConfig.from_budget(budget), slot)
        self.ratelimits = RateLimits.started(loaded, bus=bus, slot=slot)
        if self.ratelimits is not None:
            stack = self.ratelimits.around(stack)
        self._inside = Inside(slot, budget.loop)
        # The bound method itself: calling an instance looks for its `__call__` on every request.
        self.serve = Gatekeeper(
            stack,
            identity=identity,
            admission=self.entrance.guard,
            deadline=deadline,
            would=Enforcement("deadline", Mode.OBSERVE, bus),
            wheel=current(),
            ledger=self._ledger,
            refuse=self.entrance.refuse,
            bodies=bodies,
            instead=Instead(app.user_middleware),
            door=self.entrance.door,
            probes=own,
            timing=timing,
            trusted=callers.trusted if callers.trusting else None,
            terms=finder(app, budget.deadline, budget.disconnect),
            opened=self.beside.opened,
            gone=self._gone,
            late=lambda: causes.named("deadline", 504),
            classifier=self.entrance.classifier,
            flight=self._inside.flight,
            held=self._inside.held,
        ).__call__
        self.serve_websocket = WebSockets(
            stack,
            admission=self.entrance.guard,
            opened=self.beside.opened,
            limit=share(budget.websocket.limit, workers(loaded)) if budget.websocket.limit else None,
            priority=self.entrance.priority,
            refused=lambda reason: bus.emit(RequestRefused(monotonic(), reason)),
            enforcement=enforcement(slot, bus, "websocket", budget.websocket.mode),
        )
        self._watch: StallWatch | None = None
        process.sampled(self._sample)
        if not running():
            self._watch = StallWatch(
                bus.emit, threshold=budget.loop.stall, in_flight=lambda: core.in_flight, on_beat=self._beat
            )
            self._watch.start()
        self._inside.dump(budget.loop)

    @property
    def in_flight(self) -> int:
        """Requests that were admitted and have not left."""
        return self.entrance.gate.in_flight

    def end(self) -> None:
        """Stop; from here on /readyz says no."""
        if self.serving:
            self.serving = False
            left(self.drain)
            self.beside.end()
            self.entrance.end()
            process.unsampled(self._sample)
            self._dependencies.end()
            self._inside.end()
            self._fold()
            self._fold()  # slow requests are told a turn after they were noted
            self._bus.unsubscribe(CallEnded, spend)
            self._bus.unsubscribe(StallSeen, self._stalls.see)
            self._bus.unsubscribe(StallSeen, self._spared.see)
            self._annotations.end()
            if self._logs is not None:
                self._logs.write(self._slot)
                self._logs.end()
        if self._watch is not None:
            self._watch.stop()
            self._watch = None

    async def aclose(self) -> None:
        """End what takes time to end, after `end`."""
        await self.beside.aclose()
        if self.ratelimits is not None:
            await self.ratelimits.aclose()
        if self._spans is not None:
            await self._spans.flush()
        if self._logs is not None:
            await self._logs.aclose()

    def _gone(self) -> None:
        self._slot.gauges[SlotCell.DISCONNECTS] += 1

    def _ready(self) -> bool:
        leaving = self.drain.leaving or self._slot.state == "draining"
        return self.serving and not leaving and self._health.ready

    def _fold(self) -> None:
        self._ledger.fold()
        self._causes.settle()
        self.entrance.door.fold(self._slot)

    def _sample(self, slot: Slot) -> None:
        self._fold()
        self._health.look()
        installed().write(slot)
        if self._logs is not None:
            self._logs.write(slot)
        self.entrance.write(slot)
        slot.bodies = self._bodies.outside
        self._inside.mark(monotonic())
        self.beside.write(slot)
        self._dependencies.write(slot)

    def _beat(self, now: float, lag: float) -> None:
        probe = None if self._watch is None else self._watch.lag
        process.beat(now, lag, None if probe is None else probe.lately)
        self._slot.in_flight = self.in_flight
