"""Bulkhead: how many calls to one dependency may be in flight, so that it cannot take all there are."""

from __future__ import annotations

from holdfast.policy.bulkhead.config import BulkheadConfig
from holdfast.policy.bulkhead.core import Compartment
from holdfast.policy.bulkhead.guard import BulkheadGuard

__all__ = ["BulkheadConfig", "BulkheadGuard", "Compartment"]
