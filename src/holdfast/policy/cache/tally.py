"""What became of lookups, told on the bus."""

from __future__ import annotations

import logging

from holdfast.clock import Now
from holdfast.events import Bus, CacheUsed
from holdfast.policy.cache.codec import Undecodable

__all__ = ["Tally"]

_log = logging.getLogger("holdfast")


class Tally:
    """Of the cache `name`. `hits`: those that are not told yet."""

    __slots__ = ("_bus", "_name", "_now", "_warned", "hits")

    def __init__(self, name: str, bus: Bus, now: Now) -> None:
        self.hits = 0
        self._name = name
        self._bus = bus
        self._now = now
        self._warned = False

    def tell(self, outcome: str) -> None:
        """Tell what became of one lookup, see `CacheUsed`; a hit later, with others."""
        if outcome == "hit":
            self.hits += 1
        else:
            self._bus.emit(CacheUsed(self._now(), self._name, outcome))

    def unfit(self, error: Undecodable) -> None:
        """Tell of a value that cannot be kept or read; the first with its reason, in the log."""
        self.tell("unfit")
        if not self._warned:
            self._warned = True
            _log.warning("cache %s: a value cannot be kept: %s", self._name, error)

    def flush(self) -> None:
        """Tell of the hits since the last time in one event: one for each would cost more than a hit."""
        hits, self.hits = self.hits, 0
        if hits:
            self._bus.emit(CacheUsed(self._now(), self._name, "hit", hits))
