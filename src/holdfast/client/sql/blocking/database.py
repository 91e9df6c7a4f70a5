"""One database of the budget for `def` endpoints and other threads."""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Annotated, Any, TypeVar

from anyio.to_thread import run_sync
from fastapi import Depends
from sqlalchemy import Engine
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from holdfast.client.perloop import PerLoop
from holdfast.client.sql.address import blocking, database_url
from holdfast.client.sql.blocking.lane import BlockingLane
from holdfast.client.sql.blocking.reservation import reserving
from holdfast.client.sql.blocking.unit import blocking_unit, lent_unit
from holdfast.client.sql.config import SqlConfig, SqlSection
from holdfast.client.sql.state import SqlState
from holdfast.client.threads import Handover, Home
from holdfast.clock import Now, monotonic
from holdfast.events import Bus
from holdfast.loop.offload.threads import OPEN
from holdfast.loop.offload.uncut import uncut
from holdfast.policy.mode import Mode
from holdfast.policy.retry import RetryBudget

__all__ = ["BlockingDatabase", "blocking_database"]

T = TypeVar("T")


class BlockingDatabase:
    """The database at `url`, whose driver blocks; nothing is connected before it is first used.

        db = hold.sql("db", sync=True)

        @app.post("/orders")
        def order(body: OrderIn, session: db.Session) -> Order: ...

    A route's session is committed before the answer goes out, rolled back where the route raises, and given
    back before a streamed body is sent. `state`: what it shares with a database for coroutines; `home`: on
    which loop its policies are.

    Type checkers want an alias of the module instead: `Session = Annotated[Session, db.depends]`.
    """

    def __init__(self, state: SqlState, url: URL, home: Home, **options: Any) -> None:
        self.state = state
        self.config = state.config
        self._url = url
        self._home = home
        self._options = options
        self.lanes = PerLoop(self._lane)
        self.depends = Depends(self.session, scope="function")
        self.Session: Any = Annotated[Session, self.depends]

    @property
    def engine(self) -> Engine:
        """The engine, in a thread: for what needs no session. Raises UsageError on a loop."""
        return self._here().engine

    async def session(self) -> AsyncIterator[Session]:
        """Yield a session, as a dependency of FastAPI's: the route it is for is a `def`."""
        lane = self.lanes.current()
        async with (
            reserving(lane.door.checkout.places),
            lent_unit(lane.sessions, strict=self.state.strict, committed=lane.writes.locate) as session,
        ):
            yield session

    def begin(self) -> AbstractContextManager[Session]:
        """Return `with`'s session for code of a thread: committed at the end of the block."""
        lane = self._here()

        async def locate(thread: Handover[None]) -> None:
            await lane.writes.locate()

        located = partial(self._home.call, locate) if self.state.copies else None
        return blocking_unit(lane.sessions, strict=self.state.strict, committed=located)

    def run(self, work: Callable[[Session], T], *, isolation: str | None = None) -> T:
        """Run `work(session)` in a transaction of its own, all of it again after a deadlock; its result.

        `isolation`: "SERIALIZABLE" and its like. Raises CallFailed where no attempt is left.
        """
        again = self._here().door.again

        def attempt() -> T:
            with self.begin() as session:
                if isolation is not None:
                    session.connection(execution_options={"isolation_level": isolation})
                return work(session)

        async def call(thread: Handover[T]) -> T:
            done: T = await again.call(lambda left: thread.do(attempt, left), idempotent=True, alone=True)
            return done

        return self._home.call(call)

    async def aclose(self) -> None:
        """Close the running loop's connections; those that are still out are closed when they come back."""
        lane = self.lanes.pop()
        await self.state.aclose()  # first, so that nobody asks for plans any more
        if lane is not None:
            await uncut(run_sync(lane.engine.dispose, limiter=OPEN))

    def _here(self) -> BlockingLane:
        async def current(thread: Handover[BlockingLane]) -> BlockingLane:
            return self.lanes.current()

        return self._home.call(current)

    def _lane(self) -> BlockingLane:
        return BlockingLane.opened(self.state, self._url, self._home, self._options)


def blocking_database(
    name: str,
    section: SqlSection,
    *,
    home: Home,
    pool: int | None,
    environ: Mapping[str, str] = os.environ,
    processes: int = 1,
    mode: Mode | None = None,
    state: SqlState | None = None,
    copies: tuple[str, ...] = (),
    bus: Bus | None = None,
    retries: RetryBudget | None = None,
    strict: bool | None = None,
    now: Now = monotonic,
    random: Callable[[], float] = random.random,
    **options: Any,
) -> BlockingDatabase:
    """Return the database of dependency `name` for threads; see `database` for what it takes.

    `copies`: the names of its replicas, from which threads do not read; what they write is marked for them.
    """
    if state is None:
        state = SqlState(
            SqlConfig.from_budget(name, section, pool=pool, processes=processes, mode=mode),
            database_url(name, section.url_env, environ),
            copies=copies,
            bus=bus,
            retries=retries,
            strict=strict,
            now=now,
            random=random,
        )
    return BlockingDatabase(state, blocking(state.url, section.url_env or ""), home, **options)
