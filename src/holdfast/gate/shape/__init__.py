"""The shape of the traffic: which request leaves when, decided in advance from a seed.

`catalogue` turns the request specs of the budget into complete HTTP/1.1 requests, `schedule` says at which
nanosecond each of them is due. Nothing here touches a socket.
"""

from __future__ import annotations

from holdfast.gate.shape.arrivals import Arrivals
from holdfast.gate.shape.catalogue import MAX_VARIANTS, Catalogue, Payload, catalogue
from holdfast.gate.shape.schedule import Phase, Schedule, schedule
from holdfast.gate.shape.spec import RequestSpec, Spec, route

__all__ = [
    "MAX_VARIANTS",
    "Arrivals",
    "Catalogue",
    "Payload",
    "Phase",
    "RequestSpec",
    "Schedule",
    "Spec",
    "catalogue",
    "route",
    "schedule",
]
