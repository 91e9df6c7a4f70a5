"""Taking a connection: breaker, bulkhead and retries around the pool, and who holds what since when."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, TypeVar

from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.util.concurrency import greenlet_spawn

from holdfast.client.sql.codeline import CodeLine, code_lines
from holdfast.client.sql.places import Places
from holdfast.clock import Now, monotonic
from holdfast.policy.call.pipeline import Pipeline
from holdfast.policy.deadline import ambient

__all__ = ["Checkout", "Connect", "Hold"]

T = TypeVar("T")

_HOLD = "holdfast.hold"
_STACK = 5  # lines of a holder that are kept: of who called whom, the last few say enough


class Connect(Protocol):
    """SQLAlchemy's own way to take a connection from its pool; called in a greenlet."""

    def __call__(self) -> PoolProxiedConnection:
        """Return it, pinged."""


@dataclass(slots=True, eq=False)
class Hold:
    """A connection that is out `since` (seconds, monotonic); `stack`: who took it, innermost first.

    `until`: the deadline of who took it, None without one. `told`: it was reported as leaked.
    """

    since: float
    until: float | None
    stack: tuple[CodeLine, ...]
    told: bool = False


class Checkout:
    """Of one loop. `take` on the way out of the pool, `returned` on the way back."""

    __slots__ = ("_now", "held", "pipeline", "places")

    def __init__(
        self, pipeline: Pipeline[PoolProxiedConnection], places: Places | None, *, now: Now = monotonic
    ) -> None:
        self.pipeline = pipeline
        self.places = places
        self.held: set[Hold] = set()
        self._now = now

    async def take(self, connect: Connect) -> PoolProxiedConnection:
        """Return a connection that answers. Raises a Refusal."""

        def attempt(left: float | None) -> Awaitable[PoolProxiedConnection]:
            return greenlet_spawn(connect)

        taken = await self.pipeline.call(attempt, idempotent=True, keep=True)
        hold = Hold(self._now(), ambient.at(), tuple(islice(code_lines(), _STACK)))
        assert taken.record_info is not None  # noqa: S101 - there is one while it is out of the pool
        taken.record_info[_HOLD] = hold
        self.held.add(hold)
        return taken

    def returned(self, entry: ConnectionPoolEntry) -> None:
        """Note that a connection is back, or was never handed out after all."""
        hold = entry.record_info.pop(_HOLD, None) if entry.record_info else None
        if hold is not None:
            self.held.discard(hold)
            if self.pipeline.bulkhead is not None:
                self.pipeline.bulkhead.leave()

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


_GRACE = 1.0
"""Seconds after its deadline in which a request may still roll back and let go."""
