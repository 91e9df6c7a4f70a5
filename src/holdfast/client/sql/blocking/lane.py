"""What a database has for the threads of one loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from anyio.to_thread import run_sync
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.orm import Session, sessionmaker

from holdfast.client.sql.blocking.interrupt import interrupt_of
from holdfast.client.sql.blocking.ping import hang_up_of
from holdfast.client.sql.blocking.pool import BlockingPool
from holdfast.client.sql.door import Door
from holdfast.client.sql.driver import limit_statements
from holdfast.client.sql.engine import engine_options, tell_unavailable
from holdfast.client.sql.pool.hold import spare
from holdfast.client.sql.replica import Writes
from holdfast.client.sql.replica.router import position_of
from holdfast.client.sql.state import SqlState
from holdfast.client.sql.watch.watch import WatchedSession
from holdfast.client.threads import Home
from holdfast.errors import DeadlineExceeded
from holdfast.loop.offload.threads import OPEN
from holdfast.loop.offload.uncut import uncut
from holdfast.policy.deadline import remaining
from holdfast.telemetry.traces.sql import attach

__all__ = ["BlockingLane"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BlockingLane:
    """The engine, and what makes its sessions."""

    door: Door
    engine: Engine
    sessions: sessionmaker[Session]
    writes: Writes

    @classmethod
    def opened(cls, state: SqlState, url: URL, home: Home, options: dict[str, Any]) -> BlockingLane:
        """Return the lane of the running loop's threads; `options`: create_engine's own."""
        config, door = state.config, state.doors.current()
        places = door.checkout.places
        if places is not None:
            # The places are the bound: who has one finds a connection or makes one.
            options = {**options, "pool_size": places.size, "max_overflow": 0}
        made = create_engine(url, poolclass=BlockingPool, **engine_options(url, config, options))
        assert isinstance(made.pool, BlockingPool)  # noqa: S101 - asked for above
        hang_up = hang_up_of(url)
        pings = None if hang_up is None or config.statement is None else (hang_up, config.statement)
        made.pool.stand_behind(door, home, interrupt_of(url, made, config.connect), pings)
        limit_statements(made, config)
        tell_unavailable(made, config.dependency)
        attach(made, config.dependency)
        _keep_deadline(made)  # after it: whose time is over hears that, whatever the database says
        door.watch.attach(made)
        if door.explainer is not None:
            door.explainer.through(made.dialect, partial(_look, made))
        postgresql = made.dialect.name == "postgresql"
        writes = Writes(config.dependency, partial(_look, made, position_of) if postgresql else None)
        if state.copies:
            writes.attach(made)
        return cls(door, made, sessionmaker(made, expire_on_commit=False, class_=WatchedSession), writes)


async def _look(engine: Engine, func: Callable[[Connection], T]) -> T:
    """Return what `func` finds through a connection, in a thread."""

    def look() -> T:
        with engine.connect() as connection:
            return func(connection)

    return await uncut(run_sync(look, limiter=OPEN))


def _keep_deadline(engine: Engine) -> None:
    """Have no statement begin after the deadline, and say so of one that was interrupted at it."""

    def before(connection: Connection, *_: Any) -> None:
        if remaining() == 0:
            raise DeadlineExceeded

    def failed(context: ExceptionContext) -> BaseException | None:
        return DeadlineExceeded() if context.connection is not None and remaining() == 0 else None

    def committing(connection: Connection) -> None:
        spare(connection.connection)

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "handle_error", failed)
    event.listen(engine, "commit", committing)
