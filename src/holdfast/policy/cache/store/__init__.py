"""Where values are kept: in this process, and in Redis for all of them."""

from __future__ import annotations

from holdfast.policy.cache.store.memory import MemoryStore
from holdfast.policy.cache.store.redis import RedisStore

__all__ = ["MemoryStore", "RedisStore"]
