"""Throttle: ask a dependency less often that refuses us for want of room, before the call is made."""

from __future__ import annotations

from holdfast.policy.throttle.config import ThrottleConfig
from holdfast.policy.throttle.core import Throttle
from holdfast.policy.throttle.guard import ThrottleGuard

__all__ = ["Throttle", "ThrottleConfig", "ThrottleGuard"]
