"""A cache for coroutines: two tiers, one computation at a time, and what to do while it fails."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from holdfast.clock import Now, monotonic
from holdfast.events import Bus
from holdfast.policy.cache.claim import Claim
from holdfast.policy.cache.config import CacheConfig
from holdfast.policy.cache.core import Entry, Freshness, judge
from holdfast.policy.cache.eviction import MOST_HITS
from holdfast.policy.cache.flight import Flight, Flights
from holdfast.policy.cache.maker import Maker
from holdfast.policy.cache.shared import Lease, SharedStore
from holdfast.policy.cache.source import Source, Unkept
from holdfast.policy.cache.store.memory import MemoryStore
from holdfast.policy.cache.tally import Tally
from holdfast.policy.cache.tier import SharedTier

__all__ = ["CacheGuard", "Renewal"]

Compute = Callable[[], Awaitable[Any]]

Renewal = Callable[[Claim], Awaitable[Any]]
"""Computes a value and has the claim keep it. Raises Unkept for what is neither kept nor shared: whoever
waits then goes his own way."""


class CacheGuard:
    """Belongs to one event loop. `shared`: the second tier, None where there is none.

    `now` is the clock of this process, `wall` the one that processes share.
    """

    __slots__ = ("_chance", "_maker", "_now", "_tier", "config", "flights", "memory", "tally")

    def __init__(
        self,
        config: CacheConfig,
        *,
        bus: Bus,
        shared: SharedStore | None = None,
        now: Now = monotonic,
        wall: Now = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.config = config
        self.memory = MemoryStore(config.limit)
        self.flights = Flights()
        self.tally = Tally(config.name, bus, now)
        self._now = now
        self._chance = chance
        self._maker = Maker(config, now, chance, shared=shared is not None)
        self._tier: SharedTier | None = None
        if shared is not None:
            self._tier = SharedTier(shared, config, memory=self.memory, tally=self.tally, now=now, wall=wall)
            shared.listen(self._gone)

    # The way of nearly every lookup

    def hit(self, key: str) -> Entry | None:
        """Return the entry of `key` where it is fresh and nothing is to be decided: the quickest way."""
        entry = self.memory.entries.get(key)
        if entry is None or self._now() >= entry.watch:
            return None
        if entry.hits < MOST_HITS:
            entry.hits += 1
        self.tally.hits += 1
        return entry

    async def obtain(self, key: str, source: Source[Any], compute: Compute, *, lent: bool = False) -> Any:
        """Return the value of `key`, computed where it is not known, or an Absence.

        `lent`: `compute` uses what belongs to its caller, such as a session: it runs in its caller's task,
        never behind his back. Raises what `compute` raised, unless a stale value may be served instead.
        """
        tell = self.tally.tell
        entry, where = await self.find(key, source)

        async def work(claim: Claim) -> Any:
            return await claim.keep(await compute())

        fill = partial(self._fill, key, source, work, None)
        if entry is not None:
            worth = judge(entry, self._now(), beta=self.config.beta, chance=self._chance())
            if worth is Freshness.FRESH:
                tell("absent" if entry.absent else where)
                return entry.value
            if key in self.flights or self._now() < entry.retry:
                tell("stale" if worth is Freshness.STALE else where)
                return entry.value
            tell("early" if worth is Freshness.EARLY else "stale")
            if not lent:
                self.flights.launch(key, fill)
                return entry.value
        else:
            tell("miss")
        value, led = await self.flights.join(key, fill, lent=lent)
        if not led:
            tell("joined")
        return value

    # For those who judge by themselves

    async def find(self, key: str, source: Source[Any]) -> tuple[Entry | None, str]:
        """Return what is stored, fresh or stale, and how the lookup is told: "hit", or "shared"."""
        entry = self._known(key)
        if entry is None and self._tier is not None:
            return await self._tier.find(key, source), "shared"
        return entry, "hit"

    async def renew(
        self, key: str, source: Source[Any], work: Renewal, *, seen: Entry | None
    ) -> tuple[Any, bool]:
        """Compute `key` anew in the caller's task, or wait for whoever does; return the value, and who led.

        `seen`: what is stored and does not do; what another has stored since then does. Raises what `work`
        raised: Unkept, where what is computed is not to be kept.
        """
        return await self.flights.join(key, partial(self._fill, key, source, work, seen), lent=True)

    async def aside(self, key: str, source: Source[Any], work: Renewal) -> Any:
        """Compute `key` for this caller alone, whoever else does; what is kept stays in this process."""

        def fly(flight: Flight) -> Awaitable[Any]:
            return work(self._claim(flight, source, None))

        return await self.flights.apart(key, fly)

    def refresh(self, key: str, source: Source[Any], work: Renewal, *, seen: Entry | None) -> None:
        """The same in a task of its own, unless it is being computed."""
        if key not in self.flights:
            self.flights.launch(key, partial(self._fill, key, source, work, seen))

    def rest(self, entry: Entry) -> None:
        """Renewing `entry` failed: for a moment nobody tries again."""
        entry.retry = self._now() + self.config.pause

    def resting(self, entry: Entry | None) -> bool:
        """Whether that was a moment ago."""
        return entry is not None and self._now() < entry.retry

    def now(self) -> float:
        """Return the time of this cache's clock, seconds."""
        return self._now()

    # The explicit words

    async def get(self, key: str, source: Source[Any]) -> Entry | None:
        """Return what is stored and fresh."""
        entry = self.hit(key)
        if entry is not None:
            return entry
        entry, where = await self.find(key, source)
        if entry is None or self._now() >= entry.expires:
            self.tally.tell("miss")
            return None
        self.tally.tell("absent" if entry.absent else where)
        return entry

    async def set(self, key: str, source: Source[Any], value: Any, *, ttl: float | None = None) -> Any:
        """Store `value`, for `ttl` seconds or as long as the cache says; return it as it is stored.

        What is being computed for this key is not stored any more. Raises Undecodable.
        """
        entry, data = self._maker.entry(key, source, value, ttl=ttl)
        self._void("key", key)
        self.memory.put(entry)
        if self._tier is not None:
            try:
                await self._tier.put(entry, data)
            finally:
                self._void("key", key)
                if self.memory.entries.get(key) is not entry:
                    self.memory.remove(key)  # what was read there before it was replaced
        return entry.value

    async def delete(self, key: str) -> bool:
        """Forget `key`, in every process; return whether it was known to this one or to the shared store."""
        known = key in self.memory.entries
        self._gone("key", key)
        if self._tier is not None:
            try:
                known = await self._tier.drop(key) or known
            finally:
                self._gone("key", key)  # what was read there before it was dropped
        return known

    async def delete_tag(self, tag: str) -> None:
        """Forget everything with `tag`, in every process."""
        self._gone("tag", tag)
        if self._tier is not None:
            try:
                await self._tier.drop_tag(tag)
            finally:
                self._gone("tag", tag)  # what was read there before it was dropped

    async def start(self) -> None:
        """Begin to hear what other processes invalidate."""
        if self._tier is not None:
            await self._tier.start()

    async def aclose(self) -> None:
        """End what runs, and give back connections."""
        await self.flights.aclose()
        if self._tier is not None:
            await self._tier.aclose()
        self.memory.clear()

    # Inside

    async def _fill(
        self, key: str, source: Source[Any], work: Renewal, seen: Entry | None, flight: Flight
    ) -> Any:
        """Compute and keep, unless somebody else has or does."""
        known = self._known(key)
        if known is not None and known is not seen and known.retry <= self._now() < known.watch:
            return known.value  # the one who led before us left when all was done
        lease: Lease | None = None
        if self._tier is not None:
            found = await self._tier.begin(flight, key, source, known)
            if isinstance(found, Entry):
                return found.value
            lease = found
            known = self._known(key)
        claim = self._claim(flight, source, lease)
        try:
            return await work(claim)
        except BaseException as error:
            claim.give_up()
            if isinstance(error, Exception) and known is not None and self._may_serve(known, error):
                self.rest(known)
                self.tally.tell("error")
                return known.value
            raise

    def _claim(self, flight: Flight, source: Source[Any], lease: Lease | None) -> Claim:
        return Claim(
            flight,
            source,
            lease,
            config=self.config,
            flights=self.flights,
            maker=self._maker,
            memory=self.memory,
            tally=self.tally,
            tier=self._tier,
            now=self._now,
        )

    def _known(self, key: str) -> Entry | None:
        entry = self.memory.get(key)
        if entry is not None and self._now() >= entry.gone:
            self.memory.remove(key)
            return None
        return entry

    def _may_serve(self, known: Entry, error: Exception) -> bool:
        """Whether `known` may stand in for what failed: not where the failure is an answer (404, 403)."""
        status = getattr(error, "status_code", None) or getattr(error, "status", None)
        answered = isinstance(error, Unkept) or (isinstance(status, int) and 400 <= status < 500)
        return not answered and not known.absent and self._now() < known.gone

    def _gone(self, kind: str, subject: str) -> None:
        """Something was invalidated, here or by another process."""
        self._void(kind, subject)
        if kind == "key":
            self.memory.remove(subject)
        elif kind == "tag":
            self.memory.remove_tag(subject)
        elif kind == "gap":
            self.memory.expire(self._now())
        else:
            self.memory.clear()

    def _void(self, kind: str, subject: str) -> None:
        """What is on its way is not to be kept."""
        on_their_way = (self.flights,) if self._tier is None else (self.flights, self._tier.looks)
        for flights in on_their_way:
            if kind == "key":
                flights.void(subject)
            elif kind == "tag":
                flights.void_tag(subject)
            else:
                flights.void_all()
