"""[dependency.NAME]: a module for each of its tables."""

from __future__ import annotations

from holdfast.budget.model.dependency.breaker import Breaker
from holdfast.budget.model.dependency.dependency import Dependency
from holdfast.budget.model.dependency.hedge import Hedge
from holdfast.budget.model.dependency.replica import DATABASES, Replica, check_replicas
from holdfast.budget.model.dependency.retry import Retry
from holdfast.budget.model.dependency.sql import Sql
from holdfast.budget.model.dependency.stand_in import StandIn
from holdfast.budget.model.dependency.throttle import Throttle
from holdfast.budget.model.dependency.timeout import Timeout

__all__ = [
    "DATABASES",
    "Breaker",
    "Dependency",
    "Hedge",
    "Replica",
    "Retry",
    "Sql",
    "StandIn",
    "Throttle",
    "Timeout",
    "check_replicas",
]
