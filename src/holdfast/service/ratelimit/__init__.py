"""Rate limits at the door and in handlers: who calls, what it is charged, and what it is told."""

from __future__ import annotations

from holdfast.budget import Loaded
from holdfast.service.numbers import workers
from holdfast.service.ratelimit import build
from holdfast.service.ratelimit.depend import Cost, limiting
from holdfast.service.ratelimit.limits import RateLimits
from holdfast.service.ratelimit.routes import limit_routes

__all__ = ["Cost", "RateLimits", "limit_routes", "limiting", "prepare"]


def prepare(loaded: Loaded) -> None:
    """Check the limits of a budget. Raises BudgetError for those that this number of workers cannot keep."""
    build.configs(loaded, workers(loaded))
