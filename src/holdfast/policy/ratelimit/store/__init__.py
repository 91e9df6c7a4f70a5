"""Where states are kept: in this process, or in Redis."""

from __future__ import annotations

from holdfast.policy.ratelimit.store.memory import MemoryStore
from holdfast.policy.ratelimit.store.redis import RedisStore

__all__ = ["MemoryStore", "RedisStore"]
