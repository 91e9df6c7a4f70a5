"""The audit: what will hurt in production, found by reading the whole program."""

from __future__ import annotations

from holdfast.audit.audit import Audited, audit
from holdfast.audit.finding import Confidence, Finding, Severity, Step

__all__ = ["Audited", "Confidence", "Finding", "Severity", "Step", "audit"]
