"""Admission: how many requests may be inside, and who enters.

The number (`Limit`) is apart from the gate (`Gate`), so that either can be replaced.
"""

from __future__ import annotations

from holdfast.policy.admission.config import AdmissionConfig
from holdfast.policy.admission.core import Gate, Refused, Ticket
from holdfast.policy.admission.guard import AdmissionGuard
from holdfast.policy.admission.limit import Fixed, Limit

__all__ = ["AdmissionConfig", "AdmissionGuard", "Fixed", "Gate", "Limit", "Refused", "Ticket"]
