"""Where the data is: Postgres by DATABASE_URL, a SQLite file in the working directory without it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import URL, Table, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import NullPool

from examples.shop.seed import seed

__all__ = ["Sessions", "create_engine", "database_url", "opened", "prepared", "tuned"]

Sessions = async_sessionmaker[AsyncSession]

ASYNC_DRIVERS = {
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
}
"""The asyncio driver for a URL that names only the database, as platforms hand it out."""

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode = WAL",  # readers go on while someone writes
    "PRAGMA synchronous = NORMAL",  # safe with WAL: a power cut may lose the last commits, never the file
    "PRAGMA foreign_keys = ON",
)


def database_url() -> URL:
    """Return the URL of the database, with an asyncio driver.

    Raises sqlalchemy.exc.ArgumentError when DATABASE_URL is no URL.
    """
    url = make_url(os.environ.get("DATABASE_URL") or "sqlite:///shop.db")
    return url.set(drivername=ASYNC_DRIVERS.get(url.drivername, url.drivername))


def create_engine(**options: Any) -> AsyncEngine:
    """Create the engine for `database_url()`; `options` are SQLAlchemy's own. It connects on first use."""
    url = database_url()
    if url.get_backend_name() != "sqlite":
        return create_async_engine(url, **options)
    return tuned(create_async_engine(url, connect_args={"timeout": 5.0}, **options))  # for another writer


def tuned(engine: AsyncEngine) -> AsyncEngine:
    """Make connections to SQLite what a service needs; the same engine."""
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _apply_pragmas)
    return engine


async def prepared(pictures: Table) -> None:
    """Seed the database when it is empty, over a connection of its own; `pictures`: the form's own table."""
    engine = create_engine(poolclass=NullPool)
    try:
        await seed(engine, pictures)
    finally:
        await engine.dispose()


@asynccontextmanager
async def opened(engine: AsyncEngine) -> AsyncIterator[Sessions]:
    """Yield the engine's sessions; close every connection at the end."""
    try:
        yield async_sessionmaker(engine, expire_on_commit=False)
    finally:
        await engine.dispose()


def _apply_pragmas(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in SQLITE_PRAGMAS:
        cursor.execute(pragma)
    cursor.close()
