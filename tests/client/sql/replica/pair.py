"""A primary and its replica, and where what was read came from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from sqlalchemy import text

from holdfast.budget.model import Dependency
from holdfast.client.sql import Database, database
from holdfast.events import Bus, CallEnded, DataAccessSeen, Event, ReadRouted
from tests.client.sql.rig import SECTION, until


@dataclass(frozen=True, slots=True)
class Addresses:
    primary: str
    replica: str


class Pair:
    """`db` and its replica `copy`; `why`: how the sessions that read were routed."""

    def __init__(self, addresses: Addresses, *, lag: str = "20s", **options: Any) -> None:
        self.bus = Bus()
        self.heard: list[Event] = []
        for kind in (ReadRouted, CallEnded, DataAccessSeen):
            self.bus.subscribe(kind, self.heard.append)
        environ = {"DATABASE_URL": addresses.primary, "REPLICA_URL": addresses.replica}
        section = SECTION | {"retry": {}}
        copy = section | {"url_env": "REPLICA_URL", "replica": {"of": "db", "lag": lag}}
        self.copy = database("copy", Dependency.model_validate(copy), pool=2, environ=environ, bus=self.bus)
        self.db: Database = database(
            "db",
            Dependency.model_validate(section),
            pool=3,
            environ=environ,
            bus=self.bus,
            replicas=[self.copy],
            **options,
        )

    @property
    def routed(self) -> list[tuple[str, str]]:
        return [(event.to, event.why) for event in self.heard if isinstance(event, ReadRouted)]

    @property
    def seen(self) -> list[DataAccessSeen]:
        return [event for event in self.heard if isinstance(event, DataAccessSeen)]

    async def write(self) -> int:
        """Write a row; its number."""
        async with self.db.begin() as session:
            insert = text("INSERT INTO notes (body) VALUES ('x') RETURNING id")
            return int((await session.execute(insert)).scalar_one())

    async def count(self) -> int:
        async with self.db.reading() as session:
            return int((await session.execute(text("SELECT count(*) FROM notes"))).scalar_one())

    async def replica_has_caught_up(self) -> None:
        """Return when what is read is read from the replica."""

        async def there() -> bool:
            await self.count()
            return self.routed[-1] == ("copy", "replica")

        await until(there)
        self.heard.clear()

    async def idle(self) -> None:
        """Return when nothing is held any more: a look at the replica may still be on its way."""
        for one in (self.db, self.copy):
            lane = one.lanes.peek()
            await until(lambda lane=lane: lane is None or not lane.checkout.held)


@asynccontextmanager
async def paired(addresses: Addresses, **options: Any) -> AsyncIterator[Pair]:
    """A pair with an empty table `notes`, closed at the end."""
    pair = Pair(addresses, **options)
    try:
        async with pair.db.begin() as session:
            await session.execute(text("DROP TABLE IF EXISTS notes"))
            await session.execute(text("CREATE TABLE notes (id SERIAL PRIMARY KEY, body TEXT)"))
        yield pair
        await pair.idle()
    finally:
        await pair.db.aclose()
        await pair.copy.aclose()


@asynccontextmanager
async def standing_still(addresses: Addresses) -> AsyncIterator[None]:
    """The replica receives what is written and shows none of it."""
    connection = await asyncpg.connect(addresses.replica.partition("?")[0], ssl=False)
    try:
        await connection.execute("SELECT pg_wal_replay_pause()")
        while await connection.fetchval("SELECT pg_get_wal_replay_pause_state()") != "paused":
            pass
        yield
    finally:
        await connection.execute("SELECT pg_wal_replay_resume()")
        await connection.close()
