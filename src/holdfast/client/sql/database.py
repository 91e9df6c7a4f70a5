"""One database of the budget: its engine, its sessions, its transactions."""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any, TypeVar

from fastapi import Depends
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from holdfast.client.perloop import PerLoop
from holdfast.client.sql.address import database_url
from holdfast.client.sql.config import SqlConfig, SqlSection
from holdfast.client.sql.lane import Lane
from holdfast.client.sql.transaction import Work
from holdfast.client.sql.unit import unit_of_work
from holdfast.clock import Now, monotonic
from holdfast.events import Bus
from holdfast.policy.mode import Mode
from holdfast.policy.retry import RetryBudget
from holdfast.telemetry import process
from holdfast.telemetry.board import Slot

__all__ = ["STRICT", "Database", "database"]

STRICT = "HOLDFAST_STRICT"
"""The environment variable that, as "1", makes an error of what would hurt in production: for tests."""

T = TypeVar("T")


class Database:
    """The database `config.dependency` at `url`; nothing is connected before it is first used.

    `Session` annotates a parameter of a route that gets a session of its own: committed before the answer
    goes out, rolled back where the route raises, and released before a streamed body is sent.

        db = hold.sql("db")

        @app.post("/orders")
        async def order(body: OrderIn, session: db.Session) -> Order: ...

    `retries`: the budget that it shares with the other dependencies of this process. `strict`: raise what is
    seen of the use of the database that would hurt in production; None: as HOLDFAST_STRICT says.

    Type checkers want an alias of the module instead: `Session = Annotated[AsyncSession, db.depends]`.
    """

    def __init__(
        self,
        config: SqlConfig,
        url: URL,
        *,
        bus: Bus | None = None,
        retries: RetryBudget | None = None,
        strict: bool | None = None,
        now: Now = monotonic,
        random: Callable[[], float] = random.random,
        **options: Any,
    ) -> None:
        self.config = config
        self._url = url
        self._bus = bus
        self._retries = retries
        self._strict = os.environ.get(STRICT) == "1" if strict is None else strict
        self._now = now
        self._random = random
        self._options = options
        self.lanes = PerLoop(self._lane)
        # The scope of the function: it ends after the answer was made and before its first byte goes out.
        self.depends = Depends(self.session, scope="function")
        self.Session: Any = Annotated[AsyncSession, self.depends]

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
        return unit_of_work(self.lanes.current().sessions, strict=self._strict)

    async def run(self, work: Work[T], *, isolation: str | None = None) -> T:
        """Run `work(session)` in a transaction of its own, all of it again after a deadlock; its result.

        See `Transactions.run`.
        """
        return await self.lanes.current().transactions.run(work, isolation)

    @property
    def in_flight(self) -> int:
        """Connections that are taken on the running loop."""
        lane = self.lanes.peek()
        return 0 if lane is None else len(lane.checkout.held)

    def sample(self, slot: Slot) -> None:
        """Write the running loop's pool to the board, and tell of connections that have leaked."""
        lane = self.lanes.peek()
        if lane is not None:
            lane.sample(slot, self.config.dependency, self._now())

    async def aclose(self) -> None:
        """Close the running loop's connections; those that are still out are closed when they come back."""
        lane = self.lanes.pop()
        if lane is not None:
            await lane.aclose()

    def _lane(self) -> Lane:
        return Lane.opened(
            self.config,
            self._url,
            # The process's own bus is asked for here, on the loop: the database may be older than a fork.
            bus=self._bus or process.bus(),
            retries=self._retries,
            strict=self._strict,
            now=self._now,
            random=self._random,
            options=self._options,
        )


def database(
    name: str,
    section: SqlSection,
    *,
    pool: int | None,
    environ: Mapping[str, str] = os.environ,
    processes: int = 1,
    mode: Mode | None = None,
    **options: Any,
) -> Database:
    """Return the database of dependency `name`. Nothing is connected or started; close it with `aclose`.

    `pool`: the connections of this process, as derived, None where the budget does not say; `processes`:
    workers x replicas that share the budget's other numbers; `mode`: instead of the budget's. `options` are
    Database's (bus, retries, strict, now, random) and create_async_engine's own (echo, json_serializer ...).
    Raises UsageError if the address is not to be had.
    """
    config = SqlConfig.from_budget(name, section, pool=pool, processes=processes, mode=mode)
    return Database(config, database_url(name, section.url_env, environ), **options)
