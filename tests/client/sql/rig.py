"""A database that is decided in full, what it reports, and what it holds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import text

from holdfast.budget.model import Dependency
from holdfast.client.sql import Database, database
from holdfast.events import Bus, CallEnded, ConnectionWaited, DataAccessSeen, Event, RetryDecided

SECTION: dict[str, Any] = {
    "kind": "postgres",
    "url_env": "DATABASE_URL",
    "timeout": {"connect": "10s", "total": "20s"},
    "retry": {"attempts": 3, "budget": "100%"},
    "fallback": "503",
}


class Rig:
    """A database, and what it reports."""

    def __init__(
        self, url: str, *, pool: int | None = 3, section: dict[str, Any] | None = None, **options: Any
    ):
        self.bus = Bus()
        self.heard: list[Event] = []
        for kind in (CallEnded, ConnectionWaited, RetryDecided, DataAccessSeen):
            self.bus.subscribe(kind, self.heard.append)
        model = Dependency.model_validate(SECTION | (section or {}))
        self.db: Database = database(
            "db", model, pool=pool, environ={"DATABASE_URL": url}, bus=self.bus, **options
        )

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.heard if isinstance(event, kind)]

    @property
    def taken(self) -> int:
        """Places of the pool that are taken."""
        places = self.db.lanes.current().checkout.places
        return 0 if places is None else places.taken

    def idle(self) -> None:
        """Nothing is held any more: no connection, place or permit."""
        lane = self.db.lanes.current()
        assert not lane.checkout.held
        assert self.taken == 0
        assert lane.checkout.places is None or lane.checkout.places.waiting == 0
        bulkhead = lane.checkout.pipeline.bulkhead
        assert bulkhead is None or bulkhead.core.in_flight == 0
        assert lane.engine.sync_engine.pool.checkedout() == 0  # type: ignore[attr-defined]


@asynccontextmanager
async def rigged(url: str, **options: Any) -> AsyncIterator[Rig]:
    """A rig with a table `notes`, closed at the end."""
    rig = Rig(url, **options)
    try:
        async with rig.db.begin() as session:
            await session.execute(
                text("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, body TEXT)")
            )
        rig.heard.clear()
        yield rig
    finally:
        await rig.db.aclose()


async def notes(rig: Rig) -> int:
    async with rig.db.begin() as session:
        return int((await session.execute(text("SELECT count(*) FROM notes"))).scalar_one())


async def until(holds: Callable[[], Any | Awaitable[Any]]) -> None:
    """Return when `holds`, or fail after 20 s."""
    limit = time.monotonic() + 20
    while True:
        found = holds()
        if found if not isinstance(found, Awaitable) else await found:
            return
        assert time.monotonic() < limit, "waited in vain"
        await asyncio.sleep(0.01)
