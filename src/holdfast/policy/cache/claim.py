"""The right to compute a key: one computation in this process, and with a shared store one in all of them."""

from __future__ import annotations

from typing import Any

from holdfast.clock import Now
from holdfast.policy.cache.codec import Undecodable
from holdfast.policy.cache.config import CacheConfig
from holdfast.policy.cache.flight import Flight, Flights
from holdfast.policy.cache.heartbeat import Heartbeat
from holdfast.policy.cache.maker import Maker
from holdfast.policy.cache.shared import Lease
from holdfast.policy.cache.source import Absence, Source, Unkept
from holdfast.policy.cache.store.memory import MemoryStore
from holdfast.policy.cache.tally import Tally
from holdfast.policy.cache.tier import SharedTier

__all__ = ["Claim"]


class Claim:
    """Begins when it is made. It ends with `keep`, or with `give_up`, which may follow anything.

    `lease`: None where nothing is shared, or the store does not answer; then what is kept stays here.
    """

    __slots__ = (
        "_began",
        "_config",
        "_flight",
        "_flights",
        "_heart",
        "_lease",
        "_maker",
        "_memory",
        "_now",
        "_source",
        "_tally",
        "_tier",
    )

    def __init__(
        self,
        flight: Flight,
        source: Source[Any],
        lease: Lease | None,
        *,
        config: CacheConfig,
        flights: Flights,
        maker: Maker,
        memory: MemoryStore,
        tally: Tally,
        tier: SharedTier | None,
        now: Now,
    ) -> None:
        self._flight = flight
        self._source = source
        self._lease = lease
        self._config = config
        self._flights = flights
        self._maker = maker
        self._memory = memory
        self._tally = tally
        self._tier = tier
        self._now = now
        self._began = now()
        self._heart: Heartbeat | None = None
        if tier is not None and lease is not None:
            self._heart = tier.keep(lease)

    async def keep(self, value: Any) -> Any:
        """Store what was computed, unless it was invalidated meanwhile; whoever waits gets it. Return it."""
        kept = await self._kept(value, self._now() - self._began)
        self._flights.land(self._flight, kept)
        return kept

    def part(self) -> None:
        """Let those go who wait, here and elsewhere: each gets Unkept. What is kept now stays in memory."""
        self._flights.part(self._flight, Unkept())
        self.give_up()

    def give_up(self) -> None:
        """Give the lease back, if there is one still."""
        self._rest()
        lease, self._lease = self._lease, None
        if lease is not None and self._tier is not None:
            self._tier.let_go(lease)

    async def _kept(self, value: Any, delta: float) -> Any:
        self._rest()
        key = self._flight.key
        if isinstance(value, Absence) and self._config.negative is None:
            await self._forget(key)
            return value
        try:
            entry, data = self._maker.entry(key, self._source, value, delta=delta)
        except Undecodable as error:
            self._tally.unfit(error)
            self.give_up()
            return value
        if self._flight.voids(entry.tags):
            self._tally.tell("void")
            self.give_up()
            return entry.value
        self._memory.put(entry)
        if self._lease is not None and self._tier is not None:
            await self._tier.fill(self._lease, entry, data)
            self._lease = None
        return entry.value

    async def _forget(self, key: str) -> None:
        """It was there, and is no more."""
        if self._memory.remove(key) and self._tier is not None:
            try:
                await self._tier.drop(key)
            finally:
                self._tier.looks.void(key)
                self._memory.remove(key)  # what was read there before it was dropped
        self.give_up()

    def _rest(self) -> None:
        if self._heart is not None:
            self._heart.stop()
