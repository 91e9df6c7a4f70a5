"""The budget's model: one section a module, each key with its type, its meaning and whose decision it is."""

from __future__ import annotations

from holdfast.budget.model.budget import Budget
from holdfast.budget.model.cache import Cache
from holdfast.budget.model.deadline import Deadline
from holdfast.budget.model.deferral import Deferral
from holdfast.budget.model.dependency import Breaker, Dependency, Retry, StandIn, Timeout
from holdfast.budget.model.disconnect import Disconnect
from holdfast.budget.model.door import Admission
from holdfast.budget.model.drain import Drain
from holdfast.budget.model.health import Health
from holdfast.budget.model.idempotency import Idempotency
from holdfast.budget.model.log import Log
from holdfast.budget.model.loop import Loop
from holdfast.budget.model.objective import Objective, RouteObjective
from holdfast.budget.model.offload import Offload
from holdfast.budget.model.section import Section
from holdfast.budget.model.sending import Request
from holdfast.budget.model.service import Replicas, Service
from holdfast.budget.model.sli import Sli
from holdfast.budget.model.trace import Trace
from holdfast.budget.model.traffic import Traffic

__all__ = [
    "Admission",
    "Breaker",
    "Budget",
    "Cache",
    "Deadline",
    "Deferral",
    "Dependency",
    "Disconnect",
    "Drain",
    "Health",
    "Idempotency",
    "Log",
    "Loop",
    "Objective",
    "Offload",
    "Replicas",
    "Request",
    "Retry",
    "RouteObjective",
    "Section",
    "Service",
    "Sli",
    "StandIn",
    "Timeout",
    "Trace",
    "Traffic",
    "WebSocket",
]
