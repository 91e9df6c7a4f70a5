"""What a value in a cache is worth now: pure, takes the time and what chance said."""

from __future__ import annotations

import math
from enum import Enum
from typing import Any

from holdfast.policy.cache.config import CacheConfig

__all__ = ["Entry", "Freshness", "judge", "lifetime"]

_HORIZON = 16.0
"""How many times `delta * beta` before it expires chance is first asked: before that, an early refresh has a
probability below exp(-16), one in nine million."""


class Freshness(Enum):
    """Fresh: serve. Early: serve, and compute anew. Stale: may be served meanwhile. Gone: as if unknown."""

    FRESH = "fresh"
    EARLY = "early"
    STALE = "stale"
    GONE = "gone"


class Entry:
    """A value and its times, seconds of the reader's clock.

    `expires`: until then it is fresh. `gone`: until then it may be served stale. `delta`: how long computing
    it took. `size`: bytes that it takes in memory. `absent`: it says that there is no value. `stamp`: what
    tells it from other values of its key in the shared store. `hits` belongs to the eviction.

    `watch`: until then it is fresh and nothing is to be decided, which is what nearly every lookup finds.
    `retry`: until then nobody tries to compute it anew, because that has just failed.
    """

    __slots__ = (
        "absent",
        "delta",
        "expires",
        "gone",
        "hits",
        "key",
        "retry",
        "size",
        "stamp",
        "tags",
        "value",
        "watch",
    )

    def __init__(
        self,
        key: str,
        value: Any,
        *,
        expires: float,
        gone: float,
        delta: float = 0.0,
        size: int = 0,
        tags: tuple[str, ...] = (),
        absent: bool = False,
        stamp: bytes = b"",
        beta: float = 1.0,
    ) -> None:
        self.key = key
        self.value = value
        self.expires = expires
        self.gone = gone
        self.delta = delta
        self.size = size
        self.tags = tags
        self.absent = absent
        self.stamp = stamp
        self.hits = 0
        self.retry = -math.inf
        # An absence is raised, not returned: the quick way, which returns, never meets one.
        self.watch = -math.inf if absent else expires - delta * beta * _HORIZON


def judge(entry: Entry, now: float, *, beta: float, chance: float) -> Freshness:
    """Return what `entry` is worth at `now`; `chance` is uniform in [0, 1).

    Early with the probability of XFetch: one of many readers computes a value anew before it expires, the
    sooner the longer that takes. `now - delta * beta * ln(random) >= expires`, from Vattani, Chierichetti and
    Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015.
    """
    if now >= entry.gone:
        return Freshness.GONE
    if now >= entry.expires:
        return Freshness.STALE
    if now < entry.watch:
        return Freshness.FRESH
    early = now - entry.delta * beta * math.log(1.0 - chance) >= entry.expires
    return Freshness.EARLY if early else Freshness.FRESH


def lifetime(
    config: CacheConfig,
    now: float,
    chance: float,
    *,
    ttl: float | None = None,
    stale: float | None = None,
    absent: bool = False,
) -> tuple[float, float]:
    """Return when a value stored `now` expires and when it is gone, by default as `config` has it.

    An absence is not served stale: what has come into being meanwhile would stay unseen.
    """
    if ttl is None:
        ttl = config.negative if absent and config.negative is not None else config.ttl
    expires = now + ttl * (1.0 - config.jitter * chance)
    if absent:
        return expires, expires
    return expires, expires + (config.stale if stale is None else stale)
