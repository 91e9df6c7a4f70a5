"""From the budget's [cache.NAME] to what keeps values."""

from __future__ import annotations

import os
from collections.abc import Mapping

from holdfast.budget import Loaded
from holdfast.budget.address import address
from holdfast.budget.model.cache import Cache
from holdfast.budget.model.ratelimit import MEMORY
from holdfast.budget.path import dotted
from holdfast.errors import UsageError
from holdfast.events import Bus
from holdfast.policy.cache import CacheConfig, CacheGuard, SharedStore
from holdfast.policy.cache.store import RedisStore
from holdfast.policy.mode import Mode
from holdfast.policy.store.redis import connect

__all__ = ["config", "guard", "missing", "section"]


def section(loaded: Loaded, name: str, *, place: str) -> Cache:
    """Return [cache.name]. Raises UsageError where the budget has none."""
    found = loaded.budget.cache.get(name)
    if found is None:
        known = ", ".join(loaded.budget.cache) or "none"
        raise UsageError(f'the budget has no cache "{name}"; known: {known}', place=place)
    return found


def missing(loaded: Loaded, name: str) -> list[str]:
    """Return the numbers of a cache that nobody has decided."""
    found = loaded.budget.cache[name]
    return [dotted(("cache", name, key)) for key in ("ttl", "bytes") if getattr(found, key) is None]


def config(name: str, found: Cache) -> CacheConfig | None:
    """Return the configuration; None where it is off, or a number is missing."""
    if found.mode == "off" or found.ttl is None or found.bytes is None:
        return None
    return CacheConfig(
        name,
        ttl=found.ttl,
        limit=found.bytes,
        stale=found.stale or 0.0,
        negative=found.negative,
        lease=found.lease,
        mode=Mode(found.mode),
    )


def guard(loaded: Loaded, made: CacheConfig, bus: Bus, environ: Mapping[str, str] = os.environ) -> CacheGuard:
    """Return what runs on one loop. Nothing is connected to yet.

    Raises UsageError, placed at the variable, where the address of its store is missing or none.
    """
    found = loaded.budget.cache[made.name]
    shared: SharedStore | None = None
    if found.store != MEMORY:
        variable = loaded.budget.dependency[found.store].url_env
        url, place = address(found.store, variable, environ), variable or ""
        connect(url, patience=found.wait, place=place)  # in vain: a mistake in the address is found at once
        shared = RedisStore(
            lambda: connect(url, patience=found.wait, place=place),
            made.name,
            lease=made.lease,
            patience=found.wait,
        )
    return CacheGuard(made, bus=bus, shared=shared)
