"""A rig whose database is also there for threads, in the same pool."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import text

from holdfast.budget.model import Dependency
from holdfast.client.sql import BlockingDatabase, blocking_database
from holdfast.client.threads import Home
from holdfast.loop.offload.threads import current
from tests.client.sql.rig import SECTION, Rig, rigged

T = TypeVar("T")

INSERT = text("INSERT INTO notes VALUES (:id, 'x')")


class Threads:
    """`db` is for threads, `rig.db` for coroutines."""

    def __init__(self, rig: Rig, home: Home, section: dict[str, Any] | None = None) -> None:
        self.rig = rig
        self.db: BlockingDatabase = blocking_database(
            "db",
            Dependency.model_validate(SECTION | (section or {})),
            home=home,
            pool=None,
            state=rig.db.state,
        )

    async def run(self, func: Callable[..., T], *args: Any) -> T:
        """Run `func` in a thread, as Starlette runs a `def` route."""
        return await current().run(func, *args)

    def count(self) -> int:
        with self.db.begin() as session:
            return int(session.execute(text("SELECT count(*) FROM notes")).scalar_one())

    @property
    def open(self) -> int:
        """Connections that both pools have, used or not."""
        engines = (self.db.lanes.current().engine, self.rig.db.engine.sync_engine)
        return sum(e.pool.checkedin() + e.pool.checkedout() for e in engines)  # type: ignore[attr-defined]


@asynccontextmanager
async def threaded(
    url: str, *, section: dict[str, Any] | None = None, **options: Any
) -> AsyncIterator[Threads]:
    """Threads with a table `notes`, closed at the end, when nothing is held any more."""
    async with rigged(url, section=section, **options) as rig:
        home = Home()
        home.begin()
        threads = Threads(rig, home, section)
        try:
            yield threads
        finally:
            await threads.db.aclose()
            home.end()
