"""The budget's model: one section a module, each key with its type, its meaning and whose decision it is."""

from __future__ import annotations

from holdfast.budget.model.budget import Budget
from holdfast.budget.model.deferral import Deferral
from holdfast.budget.model.dependency import Breaker, Dependency, Retry, Timeout
from holdfast.budget.model.door import Admission, Deadline, Drain
from holdfast.budget.model.loop import Loop
from holdfast.budget.model.objective import Objective, RouteObjective
from holdfast.budget.model.section import Section
from holdfast.budget.model.service import Replicas, Service
from holdfast.budget.model.sli import Sli
from holdfast.budget.model.stand_in import StandIn
from holdfast.budget.model.traffic import Request, Traffic

__all__ = [
    "Admission",
    "Breaker",
    "Budget",
    "Deadline",
    "Deferral",
    "Dependency",
    "Drain",
    "Loop",
    "Objective",
    "Replicas",
    "Request",
    "Retry",
    "RouteObjective",
    "Section",
    "Service",
    "Sli",
    "StandIn",
    "Timeout",
    "Traffic",
]
