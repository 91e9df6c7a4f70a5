"""The shape of the traffic: which request leaves when, decided in advance from a seed.

`catalogue` turns the request specs of the budget into complete HTTP/1.1 requests, `schedule` says at which
nanosecond each of them is due. Nothing here touches a socket.
"""

from __future__ import annotations

from holdfast.gate.shape.arrivals import Arrivals
from holdfast.gate.shape.catalogue import catalogue
from holdfast.gate.shape.check import Check
from holdfast.gate.shape.payload import Catalogue, Payload
from holdfast.gate.shape.schedule import Phase, Schedule, schedule
from holdfast.gate.shape.spec import RequestSpec, ScenarioSpec, Spec, StepSpec, route
from holdfast.gate.shape.variants import MAX_VARIANTS

__all__ = [
    "MAX_VARIANTS",
    "Arrivals",
    "Catalogue",
    "Check",
    "Payload",
    "Phase",
    "RequestSpec",
    "ScenarioSpec",
    "Schedule",
    "Spec",
    "StepSpec",
    "catalogue",
    "route",
    "schedule",
]
