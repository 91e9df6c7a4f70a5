"""Taking a connection: breaker, bulkhead and retries around the pool, and who holds what since when."""

from __future__ import annotations

from collections.abc import Awaitable
from itertools import islice
from typing import Protocol

from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.util.concurrency import greenlet_spawn

from holdfast.client.sql.pool.hold import Hold, hold_of
from holdfast.client.sql.pool.places import Places
from holdfast.client.sql.watch.codeline import CodeLine, code_lines
from holdfast.clock import Now, monotonic
from holdfast.policy.call.pipeline import Pipeline
from holdfast.policy.deadline import ambient

__all__ = ["Checkout", "Connect", "Pool", "callers"]

_STACK = 5  # lines of a holder that are kept: of who called whom, the last few say enough


class Connect(Protocol):
    """SQLAlchemy's own way to take a connection from its pool; what it does may block."""

    def __call__(self) -> PoolProxiedConnection:
        """Return it, pinged."""


class Pool(Protocol):
    """A pool behind the door."""

    def checkedin(self) -> int:
        """Return the connections that are open and not used."""

    async def evict(self) -> None:
        """Close one of them, if there still is one."""


class Checkout:
    """Of one loop. `take` on the way out of the pool, `returned` on the way back.

    Several pools, for coroutines and for threads, share the places; what one of them keeps open makes room
    where another one has to connect, so that all together never have more than there are places.
    """

    __slots__ = ("_now", "held", "pipeline", "places", "pools")

    def __init__(
        self, pipeline: Pipeline[PoolProxiedConnection], places: Places | None, *, now: Now = monotonic
    ) -> None:
        self.pipeline = pipeline
        self.places = places
        self.pools: list[Pool] = []
        self.held: set[Hold] = set()
        self._now = now

    async def take(self, connect: Connect) -> PoolProxiedConnection:
        """Return a connection that answers, for a coroutine. Raises a Refusal."""

        def attempt(left: float | None) -> Awaitable[PoolProxiedConnection]:
            return greenlet_spawn(connect)

        taken = await self.pipeline.call(attempt, idempotent=True, keep=True)
        self.note(taken, callers())
        return taken

    def still_may(self) -> None:
        """Refuse who stood in line while the breaker opened: he would wait for the database in his turn."""
        if self.pipeline.breaker is not None:
            self.pipeline.breaker.check(self._now())

    def note(self, taken: PoolProxiedConnection, stack: tuple[CodeLine, ...]) -> Hold:
        """Note that a connection is out, for code at `stack`, innermost first."""
        hold = Hold(self._now(), ambient.at(), stack)
        hold.put_on(taken)
        self.held.add(hold)
        return hold

    def returned(self, entry: ConnectionPoolEntry) -> None:
        """Note that a connection is back, or was never handed out after all."""
        hold = hold_of(entry)
        if hold is not None:
            self.let_go(hold)

    def let_go(self, hold: Hold) -> None:
        """Note that what was held is back."""
        self.held.discard(hold)
        if self.pipeline.bulkhead is not None:
            self.pipeline.bulkhead.leave()

    async def make_room(self, pool: Pool) -> None:
        """Close what other pools keep open where `pool`, who has a place, would connect beyond the places."""
        if self.places is None or len(self.pools) < 2:
            return
        others = [other for other in self.pools if other is not pool]
        for _ in range(self.places.size):
            kept = sum(other.checkedin() for other in others)
            if not kept or kept + max(0, pool.checkedin() - 1) + self.places.taken <= self.places.size:
                return
            await max(others, key=lambda other: other.checkedin()).evict()

    def forget(self, pool: Pool) -> None:
        """Count no more on what `pool` keeps open: it closes."""
        self.pools = [other for other in self.pools if other is not pool]

    def leaked(self, now: float) -> list[Hold]:
        """Return the connections that are out though their request's time is over, each once."""
        late = [
            hold
            for hold in self.held
            if not hold.told and hold.until is not None and now > hold.until + _GRACE
        ]
        for hold in late:
            hold.told = True
        return late


def callers() -> tuple[CodeLine, ...]:
    """Return the service's own lines that are asking here, innermost first."""
    return tuple(islice(code_lines(), _STACK))


_GRACE = 1.0
"""Seconds after its deadline in which a request may still roll back and let go."""
