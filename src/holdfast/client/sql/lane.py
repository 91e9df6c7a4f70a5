"""What a database has on one event loop for coroutines: connections and permits belong to a loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from holdfast.client.sql.config import SqlConfig
from holdfast.client.sql.door import Door
from holdfast.client.sql.engine import engine
from holdfast.client.sql.kill import Killer
from holdfast.client.sql.pool.checkout import Checkout
from holdfast.client.sql.replica import Copy, ReadingSession, Router, Writes
from holdfast.client.sql.replica.router import log_position
from holdfast.client.sql.watch.watch import WatchedSession

__all__ = ["Lane"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Lane:
    """The engine of one loop, what makes its sessions, and who routes those that read."""

    door: Door
    engine: AsyncEngine
    sessions: async_sessionmaker[AsyncSession]
    readers: async_sessionmaker[AsyncSession]
    router: Router
    writes: Writes
    killer: Killer | None

    @classmethod
    def opened(
        cls, config: SqlConfig, url: URL, door: Door, copies: Sequence[Copy], options: dict[str, Any]
    ) -> Lane:
        """Return the lane of the running loop; `copies`: replicas, `options`: create_async_engine's own."""
        name = config.dependency
        made = engine(url, config, door.checkout, **options)
        door.watch.attach(made.sync_engine)
        # What was loaded stays usable after the commit: to load it again would need a connection again.
        sessions = async_sessionmaker(made, expire_on_commit=False, sync_session_class=WatchedSession)
        router = Router(name, made, copies, bus=door.bus, now=door.now)
        readers = async_sessionmaker(
            made, expire_on_commit=False, sync_session_class=ReadingSession, connect=router.connect
        )
        writes = Writes(name, partial(log_position, made) if made.dialect.name == "postgresql" else None)
        if copies:
            writes.attach(made.sync_engine)
        if door.explainer is not None:
            door.explainer.through(made.dialect, partial(_look, made))
        killer = Killer(made, config.connect) if made.dialect.name in ("mysql", "mariadb") else None
        if killer is not None:
            killer.attach()
        return cls(door, made, sessions, readers, router, writes, killer)

    @property
    def checkout(self) -> Checkout:
        """What stands before the pool."""
        return self.door.checkout

    async def aclose(self) -> None:
        """Close the connections; those that are still out are closed when they come back."""
        await self.router.aclose()
        if self.killer is not None:
            await self.killer.aclose()
        await self.engine.dispose()


async def _look(engine: AsyncEngine, func: Callable[[Connection], T]) -> T:
    """Return what `func` finds through a connection, and keep nothing of what it did."""
    async with engine.connect() as connection:
        return await connection.run_sync(func)
