"""From the budget's [ratelimit.NAME] to what counts: configurations, and a guard for each store."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from holdfast.budget import Loaded
from holdfast.budget.address import address
from holdfast.budget.model.dependency import Dependency
from holdfast.budget.model.ratelimit import MEMORY, RateLimit, parse_limit
from holdfast.budget.path import dotted
from holdfast.errors import BudgetError
from holdfast.events import Bus
from holdfast.policy.mode import Mode
from holdfast.policy.ratelimit import Limit, RateLimitConfig, RateLimitGuard, Store, Unavailable, shared
from holdfast.policy.ratelimit.store import MemoryStore, RedisStore
from holdfast.policy.store.redis import connect

__all__ = ["configs", "guards", "missing"]


def missing(loaded: Loaded) -> Iterator[tuple[str, list[str]]]:
    """Yield the names of rate limits for which something is not decided, and what."""
    for name, section in loaded.budget.ratelimit.items():
        lacks = [] if section.limits else [dotted(("ratelimit", name, "limits"))]
        if section.store != MEMORY and section.unavailable is None:
            lacks.append(dotted(("ratelimit", name, "unavailable")))
        if lacks and section.mode != "off":
            yield name, lacks


def configs(loaded: Loaded, processes: int) -> dict[str, RateLimitConfig]:
    """Return the rate limits by name, without those that are off or have no limits.

    `processes` share the numbers. Raises BudgetError where several would each count alone and nobody has said
    that they may.
    """
    found: dict[str, RateLimitConfig] = {}
    for name, section in loaded.budget.ratelimit.items():
        if section.mode == "off" or not section.limits:
            continue
        limits = tuple(_limits(name, section))
        if section.store == MEMORY and processes > 1:
            if not section.per_worker:
                message = (
                    f"ratelimit.{name} counts in memory, and {processes} workers would each count alone: "
                    "store = a Redis dependency, or per_worker = true for a share each"
                )
                raise BudgetError(message, place=loaded.place_of(("ratelimit", name)))
            limits = tuple(shared(limit, processes) for limit in limits)
        undecided = section.store != MEMORY and section.unavailable is None
        found[name] = RateLimitConfig(
            name,
            limits,
            None if section.unavailable is None else Unavailable(section.unavailable),
            processes,
            Mode.OBSERVE if undecided else Mode(section.mode),
        )
    return found


def guards(loaded: Loaded, bus: Bus, environ: Mapping[str, str] = os.environ) -> dict[str, RateLimitGuard]:
    """Return a guard for each store that a rate limit names. Nothing is connected to yet.

    Raises UsageError, placed at the variable, where an address is missing or none.
    """
    by_store: dict[str, list[RateLimit]] = {}
    for section in loaded.budget.ratelimit.values():
        if section.mode != "off" and section.limits:
            by_store.setdefault(section.store, []).append(section)
    made: dict[str, RateLimitGuard] = {}
    for store, sections in by_store.items():
        memory = MemoryStore(keys=sum(section.keys for section in sections))
        counting: Store = memory
        if store != MEMORY:
            counting = _redis(store, loaded.budget.dependency[store], min(s.wait for s in sections), environ)
        made[store] = RateLimitGuard(store, counting, bus=bus, local=memory)
    return made


def _limits(name: str, section: RateLimit) -> Iterator[Limit]:
    for text in section.limits:
        calls, seconds = parse_limit(text)
        label = name if len(section.limits) == 1 else f"{name}-{text}"
        yield Limit(label, calls, seconds, section.burst or calls)


def _redis(name: str, section: Dependency, patience: float, environ: Mapping[str, str]) -> RedisStore:
    url, place = address(name, section.url_env, environ), section.url_env or ""
    # Made once in vain: a mistake in the address is found when the service starts, not by its first caller.
    connect(url, patience=patience, place=place)
    return RedisStore(lambda: connect(url, patience=patience, place=place), patience=patience)
