"""The second tier, as one process uses it: what others have stored, and one computation among all of them."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import Any

from holdfast.clock import Now
from holdfast.policy.cache.codec import Undecodable
from holdfast.policy.cache.config import CacheConfig
from holdfast.policy.cache.core import Entry
from holdfast.policy.cache.flight import Flight, Flights
from holdfast.policy.cache.footprint import footprint
from holdfast.policy.cache.heartbeat import Heartbeat
from holdfast.policy.cache.shared import Lease, Record, SharedStore
from holdfast.policy.cache.source import Absence, Source
from holdfast.policy.cache.store.memory import MemoryStore
from holdfast.policy.cache.tally import Tally
from holdfast.policy.store import StoreUnavailable

__all__ = ["SharedTier"]

_SOONEST, _LATEST = 0.005, 0.05
"""Seconds between two looks for what another process computes: doubling, so that a short computation is seen
soon and a long one costs 20 questions a second."""


class SharedTier:
    """Belongs to one event loop. What it finds it also keeps in `memory`.

    A store that does not answer is told in the tally and never raised: then this process is on its own.
    `now` is the clock of this process, `wall` the one that processes share.
    """

    __slots__ = ("_closing", "_config", "_memory", "_now", "_store", "_tally", "_wall", "looks")

    def __init__(
        self,
        store: SharedStore,
        config: CacheConfig,
        *,
        memory: MemoryStore,
        tally: Tally,
        now: Now,
        wall: Now = time.time,
    ) -> None:
        self.looks = Flights()
        self._store = store
        self._config = config
        self._memory = memory
        self._tally = tally
        self._now = now
        self._wall = wall
        self._closing: set[asyncio.Task[None]] = set()

    # Reading

    async def find(self, key: str, source: Source[Any]) -> Entry | None:
        """Return what is stored; of many who look for the same, one asks."""
        entry: Entry | None
        entry, _ = await self.looks.join(key, partial(self._look, key, source), lent=True)
        return entry

    async def begin(
        self, flight: Flight, key: str, source: Source[Any], known: Entry | None
    ) -> Entry | Lease | None:
        """Return an entry to serve, a lease to compute under, or None: compute, and keep it here only."""
        stamp, wait = b"" if known is None else known.stamp, _SOONEST
        try:
            while True:
                answer = await self._store.begin(key, stamp)
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
        except StoreUnavailable:
            self._tally.tell("unavailable")
            return None

    # Under a lease

    def keep(self, lease: Lease) -> Heartbeat:
        """Keep a lease until the heartbeat is stopped."""
        return Heartbeat(self._store, lease, every=self._config.lease / 3)

    async def fill(self, lease: Lease, entry: Entry, data: bytes) -> None:
        """Store what was computed under a lease. Where the lease was lost it leaves memory as well."""
        try:
            stored = await self._store.fill(lease, self._record(entry, data))
        except StoreUnavailable:
            self._tally.tell("unavailable")
            return
        if not stored:
            self._tally.tell("void")
            if self._memory.entries.get(entry.key) is entry:
                self._memory.remove(entry.key)

    def let_go(self, lease: Lease | None) -> None:
        """Give a lease back, in a task: whoever held it may be being cancelled."""
        if lease is None:
            return
        task = asyncio.get_running_loop().create_task(self._release(lease))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    # Writing

    async def put(self, entry: Entry, data: bytes) -> None:
        """Store, whoever is computing."""
        try:
            await self._store.put(entry.key, self._record(entry, data))
        except StoreUnavailable:
            self._tally.tell("unavailable")

    async def drop(self, key: str) -> bool:
        """Forget a key for all processes; return whether there was something."""
        try:
            return await self._store.drop(key)
        except StoreUnavailable:
            self._tally.tell("unavailable")
            return False

    async def drop_tag(self, tag: str) -> None:
        """Forget everything with `tag` for all processes."""
        try:
            await self._store.drop_tag(tag)
        except StoreUnavailable:
            self._tally.tell("unavailable")

    async def start(self) -> None:
        """Begin to hear what other processes invalidate."""
        await self._store.start()

    async def settle(self) -> None:
        """Wait until every lease that was let go is given back."""
        while self._closing:
            await asyncio.wait(tuple(self._closing))

    async def aclose(self) -> None:
        """Give back leases and connections."""
        await self.settle()
        await self._store.aclose()

    # Inside

    async def _look(self, key: str, source: Source[Any], flight: Flight) -> Entry | None:
        try:
            record = await self._store.look(key)
        except StoreUnavailable:
            self._tally.tell("unavailable")
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
            self._tally.unfit(error)
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
            beta=self._config.beta,
        )
        if not flight.voids(entry.tags):
            self._memory.put(entry)
        return entry

    def _record(self, entry: Entry, data: bytes) -> Record:
        behind = self._wall() - self._now()
        return Record(
            data,
            expires=entry.expires + behind,
            gone=entry.gone + behind,
            delta=entry.delta,
            absent=entry.absent,
            tags=entry.tags,
            stamp=entry.stamp,
        )

    async def _release(self, lease: Lease) -> None:
        try:
            await self._store.release(lease)
        except StoreUnavailable:
            return  # it ends by itself
