"""One database of the budget: its engine, its sessions, its transactions."""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any, TypeVar

from fastapi import Depends
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from holdfast.client.perloop import PerLoop
from holdfast.client.sql.address import asynchronous, database_url
from holdfast.client.sql.config import SqlConfig, SqlSection
from holdfast.client.sql.lane import Lane
from holdfast.client.sql.replica import Copy
from holdfast.client.sql.state import SqlState
from holdfast.client.sql.transaction import Work, in_transaction
from holdfast.client.sql.unit import unit_of_work
from holdfast.clock import Now, monotonic
from holdfast.events import Bus
from holdfast.policy.mode import Mode
from holdfast.policy.retry import RetryBudget

__all__ = ["Database", "database"]

T = TypeVar("T")


class Database:
    """The database `config.dependency` at `url`; nothing is connected before it is first used.

    `Session` annotates a parameter of a route that gets a session of its own: committed before the answer
    goes out, rolled back where the route raises, and released before a streamed body is sent.

        db = hold.sql("db")

        @app.post("/orders")
        async def order(body: OrderIn, session: db.Session) -> Order: ...

    `Reading` is the same for a session that only reads: it may be one of a replica's.

    `state`: what it shares with a database for threads. `replicas`: its copies.

    Type checkers want an alias of the module instead: `Session = Annotated[AsyncSession, db.depends]`.
    """

    def __init__(
        self, state: SqlState, url: URL, *, replicas: Sequence[Database] = (), **options: Any
    ) -> None:
        self.state = state
        self.config = state.config
        self._url = url
        self._replicas = replicas
        self._options = options
        self.lanes = PerLoop(self._lane)
        # The scope of the function: it ends after the answer was made and before its first byte goes out.
        self.depends = Depends(self.session, scope="function")
        self.Session: Any = Annotated[AsyncSession, self.depends]
        self.reads = Depends(self._reader, scope="function")
        self.Reading: Any = Annotated[AsyncSession, self.reads]

    @property
    def engine(self) -> AsyncEngine:
        """The engine of the running loop: for migrations, and for what needs no session."""
        return self.lanes.current().engine

    async def session(self) -> AsyncIterator[AsyncSession]:
        """Yield a session, as a dependency of FastAPI's."""
        async with self.begin() as session:
            yield session

    def begin(self) -> AbstractAsyncContextManager[AsyncSession]:
        """Return `async with`'s session for code that is no route: committed at the end of the block."""
        lane = self.lanes.current()
        return unit_of_work(lane.sessions, strict=self.state.strict, committed=lane.writes.locate)

    def reading(self) -> AbstractAsyncContextManager[AsyncSession]:
        """Return `async with`'s session for code that only reads, from a replica where one shows enough.

        One shows enough that shows what this caller has written, and is behind by its `replica.lag` at most;
        elsewhere, and where it cannot be used, it is read from the primary. Raises UsageError for a write.
        """
        return unit_of_work(self.lanes.current().readers, strict=self.state.strict)

    async def run(self, work: Work[T], *, isolation: str | None = None) -> T:
        """Run `work(session)` in a transaction of its own, all of it again after a deadlock; its result.

        See `in_transaction`.
        """
        return await in_transaction(self.lanes.current().door.again, self.begin, work, isolation)

    async def aclose(self) -> None:
        """Close the running loop's connections; those that are still out are closed when they come back."""
        lane = self.lanes.pop()
        await self.state.aclose()  # first, so that nobody asks for plans any more
        if lane is not None:
            await lane.aclose()

    def _lane(self) -> Lane:
        copies = [_copy(replica) for replica in self._replicas if replica.config.lag is not None]
        return Lane.opened(self.config, self._url, self.state.doors.current(), copies, self._options)

    async def _reader(self) -> AsyncIterator[AsyncSession]:
        async with self.reading() as session:
            yield session


def _copy(replica: Database) -> Copy:
    return Copy(replica.config.dependency, lambda: replica.engine, replica.config.lag or 0.0)


def database(
    name: str,
    section: SqlSection,
    *,
    pool: int | None,
    environ: Mapping[str, str] = os.environ,
    processes: int = 1,
    mode: Mode | None = None,
    state: SqlState | None = None,
    replicas: Sequence[Database] = (),
    bus: Bus | None = None,
    retries: RetryBudget | None = None,
    strict: bool | None = None,
    now: Now = monotonic,
    random: Callable[[], float] = random.random,
    **options: Any,
) -> Database:
    """Return the database of dependency `name`. Nothing is connected or started; close it with `aclose`.

    `pool`: the connections of this process, as derived, None where the budget does not say; `processes`:
    workers x replicas that share the budget's other numbers; `mode`: instead of the budget's. `state`: that
    of a database for threads, with which it shares its pool. `retries`: the budget that it shares with the
    other dependencies of this process. `replicas`: its copies. `strict`: see SqlState. `options` are
    create_async_engine's own (echo, json_serializer ...). Raises UsageError if the address is not to be had.
    """
    if state is None:
        state = SqlState(
            SqlConfig.from_budget(name, section, pool=pool, processes=processes, mode=mode),
            database_url(name, section.url_env, environ),
            copies=tuple(replica.config.dependency for replica in replicas),
            bus=bus,
            retries=retries,
            strict=strict,
            now=now,
            random=random,
        )
    url = asynchronous(state.url, section.url_env or "")
    return Database(state, url, replicas=replicas, **options)
