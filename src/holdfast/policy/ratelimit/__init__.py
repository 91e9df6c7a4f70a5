"""Rate limits: how often one caller may call, exactly, over one process or all."""

from __future__ import annotations

from holdfast.policy.ratelimit.ask import Ask, Store, Verdict
from holdfast.policy.ratelimit.config import RateLimitConfig, Unavailable, shared
from holdfast.policy.ratelimit.core import Limit, Standing
from holdfast.policy.ratelimit.guard import RateLimitGuard, refusal

__all__ = [
    "Ask",
    "Limit",
    "RateLimitConfig",
    "RateLimitGuard",
    "Standing",
    "Store",
    "Unavailable",
    "Verdict",
    "refusal",
    "shared",
]
