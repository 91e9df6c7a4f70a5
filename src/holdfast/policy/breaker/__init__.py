"""Breaker: leave a dependency alone that fails, and find out gently when it is back."""

from __future__ import annotations

from holdfast.policy.breaker.config import BreakerConfig
from holdfast.policy.breaker.core import Breaker
from holdfast.policy.breaker.guard import BreakerGuard
from holdfast.policy.breaker.hosts import HostBreakers
from holdfast.policy.breaker.states import TABLE, Row, Signal, State, diagram

__all__ = [
    "TABLE",
    "Breaker",
    "BreakerConfig",
    "BreakerGuard",
    "HostBreakers",
    "Row",
    "Signal",
    "State",
    "diagram",
]
