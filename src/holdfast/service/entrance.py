"""Who gets in, on one loop: how many, who of them first, and how the others are told."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from fastapi import FastAPI
from starlette.types import Scope

from holdfast.budget import Loaded
from holdfast.budget.model import Admission
from holdfast.events import Bus
from holdfast.policy.admission.chosen import chosen
from holdfast.policy.admission.config import AdmissionConfig
from holdfast.policy.admission.core import Gate
from holdfast.policy.admission.fairness import Fairness
from holdfast.policy.admission.guard import AdmissionGuard
from holdfast.policy.admission.limit import Limit
from holdfast.policy.admission.priority import NORMAL, Class
from holdfast.policy.mode import Mode, Modes
from holdfast.service.caller import Callers
from holdfast.service.door import Door, publish, withdraw
from holdfast.service.numbers import numbers
from holdfast.service.observing import enforcement, observing, tell
from holdfast.service.priority import classifier
from holdfast.service.refusal import answers, refuser
from holdfast.telemetry.board import Slot, SlotCell

__all__ = ["Entrance", "MakeGate", "MakeLimit"]

MakeLimit = Callable[[AdmissionConfig], Limit]
MakeGate = Callable[[AdmissionConfig, Limit], Gate]

_LISTEN = 0.02
"""A loop that was late by so many seconds of late is listened to, whether or not anybody was turned away."""


class Entrance:
    """The guard and its gate, the classes, fairness between callers, and the door that is asked before them.

    `never` are the paths that are answered whatever the load; `limit` and `gate` make what takes the place of
    the budget's. `refuse` is the ASGI app that answers who is not let in; `connection` says how far the
    limits of connections and bodies go. Ends with `end`.
    """

    __slots__ = (
        "_enforces",
        "_limited",
        "_slot",
        "classifier",
        "connection",
        "door",
        "fairness",
        "gate",
        "guard",
        "refuse",
    )

    def __init__(
        self,
        app: FastAPI,
        loaded: Loaded,
        *,
        bus: Bus,
        slot: Slot,
        callers: Callers,
        never: Iterable[str],
        limit: MakeLimit | None = None,
        gate: MakeGate | None = None,
    ) -> None:
        section = loaded.budget.admission
        config, number = chosen(loaded.budget, numbers(loaded))
        _say(slot, section, undecided=config.limit is None and config.mode is Mode.OBSERVE)
        self._slot = slot
        self._limited = config.limit is not None
        self._enforces = config.mode is Mode.ENFORCE
        if limit is not None and self._limited:
            number = limit(config)
        made = gate(config, number) if gate is not None else None
        self.guard = AdmissionGuard(config, bus=bus, limit=number, gate=made)
        self.gate = self.guard.core
        self.classifier = classifier(section, callers, app, self._misclassified)
        self.gate.share.active = bool(section.classes or section.class_header)
        classes = {caller: Class[name.upper()] for caller, name in section.classes.caller.items()}
        self.fairness = Fairness(self.gate, config.retry_after, classes=classes, would=self._fair)
        self.refuse = refuser(app.user_middleware)
        limits = loaded.budget.connection
        self.connection = enforcement(slot, bus, "connection", limits.mode)
        self.door = Door(
            app,
            self.gate,
            answers=answers(self.refuse),
            limits=limits,
            connection=self.connection,
            never=never,
            classify=self.priority,
            by_route=not section.class_header,
        )
        publish(self.door)
        slot.limit = self.gate.limit if self._limited else 0

    def priority(self, scope: Scope) -> int:
        """Return the priority of a request, the level that of its class's most important callers."""
        return NORMAL if self.classifier is None else self.classifier(scope)

    def room(self) -> float:
        """Return how many may be inside; infinite where nobody is kept out."""
        return self.gate.limit if self._enforces else math.inf

    def write(self, slot: Slot) -> None:
        """Write the gauges to the board; listen to a loop that is late."""
        slot.queued = self.gate.queued
        if self._limited:
            slot.limit = self.gate.limit
            if slot.lag > _LISTEN:
                self.guard.listen()

    def end(self) -> None:
        """Refuse nobody any more, and stop the beat."""
        withdraw(self.door)
        self.guard.end()

    def _misclassified(self, route: str) -> None:
        self._slot.gauges[SlotCell.MISCLASSIFIED] += 1

    def _fair(self, reason: str, priority: int) -> None:
        self.guard.would("refuse", reason, priority)


def _say(slot: Slot, section: Admission, *, undecided: bool) -> None:
    """Say where nobody is kept out: everywhere, or on single routes."""
    modes = Modes.of(section)
    if undecided:
        tell(slot, "admission", ["admission.limit", "traffic.peak and objective.p99, which imply it"])
        return
    observing(slot, "admission", modes)
