"""From a value to the entry that keeps it, and to the bytes that are shared."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from holdfast.clock import Now
from holdfast.policy.cache.config import CacheConfig
from holdfast.policy.cache.core import Entry, lifetime
from holdfast.policy.cache.footprint import footprint
from holdfast.policy.cache.shared import STAMP_BYTES
from holdfast.policy.cache.source import Absence, Source

__all__ = ["Maker"]


class Maker:
    """Of one cache. `shared`: its entries are told from others of their key by a stamp."""

    __slots__ = ("_chance", "_config", "_now", "_shared")

    def __init__(self, config: CacheConfig, now: Now, chance: Callable[[], float], *, shared: bool) -> None:
        self._config = config
        self._now = now
        self._chance = chance
        self._shared = shared

    def entry(
        self, key: str, source: Source[Any], value: Any, *, delta: float = 0.0, ttl: float | None = None
    ) -> tuple[Entry, bytes]:
        """Return the entry of `value` as it is kept, and its bytes. Raises Undecodable.

        `delta`: seconds that it took to compute. `ttl`: for how many seconds it is fresh, instead of what its
        source and the cache say.
        """
        absent = isinstance(value, Absence)
        own = value if absent else source.codec.own(value)
        data = value.encode() if absent else source.codec.encode(own)
        times = None if absent else source.times(own)
        stale = None
        if times is not None:
            ttl, stale = times
        expires, gone = lifetime(
            self._config, self._now(), self._chance(), ttl=ttl, stale=stale, absent=absent or own is None
        )
        made = Entry(
            key,
            own,
            expires=expires,
            gone=gone,
            delta=delta,
            size=footprint(own),
            tags=() if absent else source.tags(own),
            absent=absent,
            stamp=os.urandom(STAMP_BYTES) if self._shared else b"",
            beta=self._config.beta,
        )
        return made, data
