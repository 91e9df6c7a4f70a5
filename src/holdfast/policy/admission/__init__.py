"""Admission: how many requests may be inside, and who enters.

The number (`Limit`) is apart from the gate (`Gate`), so that either can be replaced.
"""

from __future__ import annotations

from holdfast.policy.admission.config import AdmissionConfig
from holdfast.policy.admission.core import Gate, Refused, Ticket
from holdfast.policy.admission.guard import AdmissionGuard
from holdfast.policy.admission.limit import Adaptive, Aimd, Bounds, Fixed, Gradient, Limit, Vegas
from holdfast.policy.admission.priority import Class, level_of, priority
from holdfast.policy.admission.window import Window

__all__ = [
    "Adaptive",
    "AdmissionConfig",
    "AdmissionGuard",
    "Aimd",
    "Bounds",
    "Class",
    "Fixed",
    "Gate",
    "Gradient",
    "Limit",
    "Refused",
    "Ticket",
    "Vegas",
    "Window",
    "level_of",
    "priority",
]
