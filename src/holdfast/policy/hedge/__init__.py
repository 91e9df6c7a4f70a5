"""Hedge: a second attempt beside a first one that is late."""

from __future__ import annotations

from holdfast.policy.hedge.config import HedgeConfig
from holdfast.policy.hedge.core import Percentile
from holdfast.policy.hedge.guard import HedgeGuard

__all__ = ["HedgeConfig", "HedgeGuard", "Percentile"]
