"""Who is asked by a session that only reads: a replica that shows enough, else the primary."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextvars import Context
from dataclasses import dataclass
from itertools import count

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util.concurrency import await_

from holdfast.client.sql.replica.core import Known, Why, by_time
from holdfast.client.sql.replica.mark import marks
from holdfast.clock import Now, monotonic
from holdfast.errors import DependencyUnavailable
from holdfast.events import Bus, ReadRouted

__all__ = ["Copy", "Router", "log_position", "position_of"]

_POSITION = text(
    "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END"
    " - '0/0'::pg_lsn"
)
"""How far a server of PostgreSQL is, in bytes of the log. Of a primary the place where the next record will
be: what `pg_current_wal_lsn` says may lack a commit that did not wait for the disk.
https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-BACKUP"""


@dataclass(frozen=True, slots=True)
class Copy:
    """A replica. `engine` returns that of the running loop; `lag`: seconds that it may be behind."""

    name: str
    engine: Callable[[], AsyncEngine]
    lag: float


class _Candidate:
    __slots__ = ("copy", "known", "probe")

    def __init__(self, copy: Copy) -> None:
        self.copy = copy
        self.known = Known(copy.lag)
        self.probe: asyncio.Task[None] | None = None


class Router:
    """Of one primary on one loop."""

    __slots__ = ("_bus", "_candidates", "_name", "_now", "_positions", "_primary", "_turn", "_wall")

    def __init__(
        self,
        name: str,
        primary: AsyncEngine,
        copies: Sequence[Copy],
        *,
        bus: Bus,
        now: Now = monotonic,
        wall: Now = time.time,
    ) -> None:
        self._name = name
        self._primary = primary
        self._candidates = [_Candidate(copy) for copy in copies]
        self._positions = primary.dialect.name == "postgresql"
        self._turn = count()
        self._bus = bus
        self._now = now
        self._wall = wall

    def connect(self) -> Connection:
        """Return a connection to read from, in SQLAlchemy's greenlet. Raises as the primary's pool does."""
        why: Why = "replica"
        for candidate in self._in_turn():
            found = await_(self._judge(candidate))
            if found == "replica":
                try:
                    connection = candidate.copy.engine().sync_engine.connect()
                except DependencyUnavailable:
                    candidate.known.lost()
                    found = "down"
                else:
                    self._tell(candidate.copy.name, "replica")
                    return self._only_reading(connection)
            why = found if why == "replica" else why
        connection = self._primary.sync_engine.connect()
        if self._candidates:
            self._tell(self._name, why)
        return self._only_reading(connection)

    async def aclose(self) -> None:
        """Stop asking."""
        probes = [one.probe for one in self._candidates if one.probe is not None]
        for probe in probes:
            probe.cancel()
        await asyncio.gather(*probes, return_exceptions=True)

    def _in_turn(self) -> Iterator[_Candidate]:
        """Yield the replicas, each time beginning with the next one."""
        first = next(self._turn)
        for offset in range(len(self._candidates)):
            yield self._candidates[(first + offset) % len(self._candidates)]

    async def _judge(self, candidate: _Candidate) -> Why:
        here = marks()
        mark = None if here is None else here.get(self._name)
        if not self._positions or (mark is not None and mark.position is None):
            why = by_time(mark, candidate.copy.lag, self._wall())
            if why != "replica" or not self._positions:
                return why
        known, now = candidate.known, self._now()
        found = known.serves(now, mark)
        if candidate.probe is None and known.due(now, found):
            # In a context of its own: neither this request's deadline nor its statements are the probe's.
            candidate.probe = asyncio.get_running_loop().create_task(self._ask(candidate), context=Context())
            if found != "replica":
                # What is known will not do. One caller waits for more; others meanwhile ask the primary.
                await asyncio.wait((candidate.probe,))
                found = known.serves(self._now(), mark)
        return found

    async def _ask(self, candidate: _Candidate) -> None:
        primary: int | None = None
        try:
            asked = self._now()
            primary = await log_position(self._primary)
            replayed = await log_position(candidate.copy.engine())
            if primary is not None and replayed is not None:
                candidate.known.asked(asked, primary, replayed)
        except Exception:  # noqa: BLE001 - one of the two cannot be asked, which its own policies have reported
            if primary is not None:
                candidate.known.lost()
        finally:
            candidate.probe = None

    def _only_reading(self, connection: Connection) -> Connection:
        if self._positions:
            return connection.execution_options(postgresql_readonly=True)
        return connection

    def _tell(self, to: str, why: Why) -> None:
        self._bus.emit(ReadRouted(self._now(), self._name, to, why))


async def log_position(engine: AsyncEngine) -> int | None:
    """Return how far the server of PostgreSQL behind `engine` is, bytes of its log; None if it cannot say."""
    async with engine.connect() as connection:
        return await connection.run_sync(position_of)


def position_of(connection: Connection) -> int | None:
    """Return how far the server at the other end is; it begins no transaction."""
    found = connection.execution_options(isolation_level="AUTOCOMMIT").execute(_POSITION).scalar_one()
    return None if found is None else int(found)
