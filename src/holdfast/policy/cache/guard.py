"""A cache for coroutines: two tiers, one computation at a time, and what to do while it fails."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from holdfast.clock import Now, monotonic
from holdfast.events import Bus, CacheUsed
from holdfast.policy.cache.codec import Undecodable
from holdfast.policy.cache.config import CacheConfig
from holdfast.policy.cache.core import Entry, Freshness, judge, lifetime
from holdfast.policy.cache.eviction import MOST_HITS
from holdfast.policy.cache.flight import Flight, Flights
from holdfast.policy.cache.footprint import footprint
from holdfast.policy.cache.heartbeat import Heartbeat
from holdfast.policy.cache.shared import STAMP_BYTES, Lease, Record, SharedStore
from holdfast.policy.cache.source import Absence, Source
from holdfast.policy.cache.store.memory import MemoryStore
from holdfast.policy.store import StoreUnavailable

__all__ = ["CacheGuard"]

_log = logging.getLogger("holdfast")

_SOONEST, _LATEST = 0.005, 0.05
"""Seconds between two looks for what another process computes: doubling, so that a short computation is seen
soon and a long one costs 20 questions a second."""

Compute = Callable[[], Awaitable[Any]]


class CacheGuard:
    """Belongs to one event loop. `shared`: the second tier, None where there is none.

    `now` is the clock of this process, `wall` the one that processes share.
    """

    __slots__ = (
        "_bus",
        "_chance",
        "_closing",
        "_looks",
        "_now",
        "_shared",
        "_told",
        "_wall",
        "config",
        "flights",
        "hits",
        "memory",
    )

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
        self._looks = Flights()
        self.hits = 0
        self._bus = bus
        self._shared = shared
        self._now = now
        self._wall = wall
        self._chance = chance
        self._closing: set[asyncio.Task[None]] = set()
        self._told = False
        if shared is not None:
            shared.listen(self._gone)

    # The way of nearly every lookup

    def hit(self, key: str) -> Entry | None:
        """Return the entry of `key` where it is fresh and nothing is to be decided: the quickest way."""
        entry = self.memory.entries.get(key)
        if entry is None or self._now() >= entry.watch:
            return None
        if entry.hits < MOST_HITS:
            entry.hits += 1
        self.hits += 1
        return entry

    async def obtain(self, key: str, source: Source[Any], compute: Compute, *, lent: bool = False) -> Any:
        """Return the value of `key`, computed where it is not known, or an Absence.

        `lent`: `compute` uses what belongs to its caller, such as a session: it runs in its caller's task,
        never behind his back. Raises what `compute` raised, unless a stale value may be served instead.
        """
        entry, where = self._known(key), "hit"
        if entry is None and self._shared is not None:
            entry, where = await self._found(key, source), "shared"
        fill = partial(self._fill, key, source, compute, lent)
        if entry is not None:
            worth = judge(entry, self._now(), beta=self.config.beta, chance=self._chance())
            if worth is Freshness.FRESH:
                self._tell("absent" if entry.absent else where)
                return entry.value
            if key in self.flights or self._now() < entry.retry:
                self._tell("stale" if worth is Freshness.STALE else where)
                return entry.value
            self._tell("early" if worth is Freshness.EARLY else "stale")
            if not lent:
                self.flights.launch(key, fill)
                return entry.value
        else:
            self._tell("miss")
        value, led = await self.flights.join(key, fill, lent=lent)
        if not led:
            self._tell("joined")
        return value

    # The explicit words

    async def get(self, key: str, source: Source[Any]) -> Entry | None:
        """Return what is stored and fresh."""
        entry = self.hit(key)
        if entry is not None:
            return entry
        entry, where = self._known(key), "hit"
        if entry is None and self._shared is not None:
            entry, where = await self._found(key, source), "shared"
        if entry is None or self._now() >= entry.expires:
            self._tell("miss")
            return None
        self._tell("absent" if entry.absent else where)
        return entry

    async def set(self, key: str, source: Source[Any], value: Any, *, ttl: float | None = None) -> Any:
        """Store `value`, for `ttl` seconds or as long as the cache says; return it as it is stored.

        What is being computed for this key is not stored any more. Raises Undecodable.
        """
        own, data, absent = self._written(source, value)
        self._void("key", key)
        entry = self._entry(key, source, own, absent=absent, delta=0.0, ttl=ttl)
        self.memory.put(entry)
        if self._shared is not None:
            try:
                await self._shared.put(key, self._record(entry, data))
            except StoreUnavailable as error:
                self._unavailable(error)
            finally:
                self._void("key", key)
                if self.memory.entries.get(key) is not entry:
                    self.memory.remove(key)  # what was read there before it was replaced
        return own

    async def delete(self, key: str) -> bool:
        """Forget `key`, in every process; return whether it was known to this one or to the shared store."""
        known = key in self.memory.entries
        self._gone("key", key)
        if self._shared is not None:
            try:
                known = await self._shared.drop(key) or known
            except StoreUnavailable as error:
                self._unavailable(error)
            finally:
                self._gone("key", key)  # what was read there before it was dropped
        return known

    async def delete_tag(self, tag: str) -> None:
        """Forget everything with `tag`, in every process."""
        self._gone("tag", tag)
        if self._shared is not None:
            try:
                await self._shared.drop_tag(tag)
            except StoreUnavailable as error:
                self._unavailable(error)
            finally:
                self._gone("tag", tag)  # what was read there before it was dropped

    async def start(self) -> None:
        """Begin to hear what other processes invalidate."""
        if self._shared is not None:
            await self._shared.start()

    async def aclose(self) -> None:
        """End what runs, and give back connections."""
        await self.flights.aclose()
        while self._closing:
            await asyncio.wait(tuple(self._closing))
        if self._shared is not None:
            await self._shared.aclose()
        self.memory.clear()

    def tell(self) -> None:
        """Report the hits since the last time in one event: one for each would cost more than a hit."""
        hits, self.hits = self.hits, 0
        if hits:
            self._bus.emit(CacheUsed(self._now(), self.config.name, "hit", hits))

    # Inside

    async def _fill(self, key: str, source: Source[Any], compute: Compute, lent: bool, flight: Flight) -> Any:
        """Compute and keep, unless somebody else has or does."""
        known = self._known(key)
        if known is not None and known.retry <= self._now() < known.watch:
            return known.value  # the one who led before us left when all was done
        lease = None
        if self._shared is not None:
            found = await self._ask(self._shared, flight, key, source, known)
            if isinstance(found, Entry):
                return found.value
            lease = found
            known = self._known(key)
        heart = None
        if lease is not None and self._shared is not None:
            heart = Heartbeat(self._shared, lease, every=self.config.lease / 3)
        began = self._now()
        try:
            value = await compute()
            if heart is not None:
                heart.stop()
            return await self._keep(flight, key, source, value, self._now() - began, lease)
        except BaseException as error:
            if heart is not None:
                heart.stop()
            self._let_go(lease)
            if isinstance(error, Exception) and known is not None and self._may_serve(known, error):
                known.retry = self._now() + self.config.pause
                self._tell("error")
                return known.value
            raise

    async def _ask(
        self, shared: SharedStore, flight: Flight, key: str, source: Source[Any], known: Entry | None
    ) -> Entry | Lease | None:
        """Return an entry to serve, a lease to compute under, or None: compute, and keep it here only."""
        stamp, wait = b"" if known is None else known.stamp, _SOONEST
        try:
            while True:
                answer = await shared.begin(key, stamp)
                if isinstance(answer, Lease):
                    return answer
                if isinstance(answer, Record):
                    stamp = answer.stamp
                    entry = self._adopt(key, source, answer, flight)
                    if entry is not None and self._now() < entry.expires:
                        return entry
                    known = entry or known
                elif known is not None and self._now() < known.gone:
                    return known  # another process computes it anew
                else:
                    await asyncio.sleep(wait)
                    wait = min(2 * wait, _LATEST)
        except StoreUnavailable as error:
            self._unavailable(error)
            return None

    async def _found(self, key: str, source: Source[Any]) -> Entry | None:
        """Return what the shared store has; of many who look for the same, one asks."""
        entry: Entry | None
        entry, _ = await self._looks.join(key, partial(self._look, key, source), lent=True)
        return entry

    async def _look(self, key: str, source: Source[Any], flight: Flight) -> Entry | None:
        assert self._shared is not None  # noqa: S101 - whoever looks has seen it
        try:
            record = await self._shared.look(key)
        except StoreUnavailable as error:
            self._unavailable(error)
            return None
        return None if record is None else self._adopt(key, source, record, flight)

    def _adopt(self, key: str, source: Source[Any], record: Record, flight: Flight) -> Entry | None:
        """Return what another process has stored, and keep it unless it was invalidated on its way here.

        None where it is over, or no value of this type.
        """
        ahead = self._now() - self._wall()
        if record.gone + ahead <= self._now():
            return None
        try:
            decode = Absence.decode if record.absent else source.codec.decode
            value: Any = decode(record.data)
        except Undecodable as error:
            self._unfit(error)
            return None
        entry = Entry(
            key,
            value,
            expires=record.expires + ahead,
            gone=record.gone + ahead,
            delta=record.delta,
            size=footprint(value),
            tags=record.tags,
            absent=record.absent,
            stamp=record.stamp,
            beta=self.config.beta,
        )
        if not flight.voids(entry.tags):
            self.memory.put(entry)
        return entry

    async def _keep(
        self, flight: Flight, key: str, source: Source[Any], value: Any, delta: float, lease: Lease | None
    ) -> Any:
        """Store what was computed, unless it was invalidated meanwhile; return it."""
        if isinstance(value, Absence) and self.config.negative is None:
            if self.memory.remove(key) and self._shared is not None:
                await self.delete(key)  # it was there, and is no more
            self._let_go(lease)
            return value
        try:
            own, data, absent = self._written(source, value)
        except Undecodable as error:
            self._unfit(error)
            self._let_go(lease)
            return value
        entry = self._entry(key, source, own, absent=absent, delta=delta)
        if flight.voids(entry.tags):
            self._tell("void")
            self._let_go(lease)
            return own
        record = self._record(entry, data)
        self.memory.put(entry)
        if lease is not None and self._shared is not None:
            try:
                if not await self._shared.fill(lease, record):
                    self._tell("void")
                    if self.memory.entries.get(key) is entry:
                        self.memory.remove(key)
            except StoreUnavailable as error:
                self._unavailable(error)
        return own

    def _written(self, source: Source[Any], value: Any) -> tuple[Any, bytes, bool]:
        if isinstance(value, Absence):
            return value, value.encode(), True
        own = source.codec.own(value)
        return own, source.codec.encode(own), False

    def _entry(
        self,
        key: str,
        source: Source[Any],
        value: Any,
        *,
        absent: bool,
        delta: float,
        ttl: float | None = None,
    ) -> Entry:
        config, now = self.config, self._now()
        nothing = absent or value is None
        expires, gone = lifetime(config, now, self._chance(), ttl=ttl, absent=nothing)
        return Entry(
            key,
            value,
            expires=expires,
            gone=gone,
            delta=delta,
            size=footprint(value),
            tags=() if absent else source.tags(value),
            absent=absent,
            stamp=b"" if self._shared is None else os.urandom(STAMP_BYTES),
            beta=config.beta,
        )

    def _record(self, entry: Entry, data: bytes) -> Record:
        behind = self._wall() - self._now()
        return Record(
            data, entry.expires + behind, entry.gone + behind, entry.delta, entry.absent, entry.tags
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
        answered = isinstance(status, int) and 400 <= status < 500
        return not answered and not known.absent and self._now() < known.gone

    def _let_go(self, lease: Lease | None) -> None:
        """Give a lease back, in a task: whoever held it may be being cancelled."""
        if lease is None or self._shared is None:
            return
        task = asyncio.get_running_loop().create_task(self._release(self._shared, lease))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _release(self, shared: SharedStore, lease: Lease) -> None:
        try:
            await shared.release(lease)
        except StoreUnavailable:
            return  # it ends by itself

    def _gone(self, kind: str, subject: str) -> None:
        """Something was invalidated, here or by another process."""
        self._void(kind, subject)
        if kind == "key":
            self.memory.remove(subject)
        elif kind == "tag":
            self.memory.remove_tag(subject)
        else:
            self.memory.clear()

    def _void(self, kind: str, subject: str) -> None:
        """What is on its way is not to be kept."""
        for flights in (self.flights, self._looks):
            if kind == "key":
                flights.void(subject)
            elif kind == "tag":
                flights.void_tag(subject)
            else:
                flights.void_all()

    def _tell(self, outcome: str) -> None:
        if outcome == "hit":
            self.hits += 1
        else:
            self._bus.emit(CacheUsed(self._now(), self.config.name, outcome))

    def _unavailable(self, error: StoreUnavailable) -> None:
        self._tell("unavailable")

    def _unfit(self, error: Undecodable) -> None:
        self._tell("unfit")
        if not self._told:
            self._told = True
            _log.warning("cache %s: a value cannot be kept: %s", self.config.name, error)
