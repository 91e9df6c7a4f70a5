"""The stores that the tests run against: real servers, and a clock that the test holds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from holdfast.policy.idempotency.store import Clock, Store
from holdfast.policy.idempotency.store.memory import MemoryStore
from holdfast.policy.idempotency.store.redis import RedisStore, connect
from holdfast.policy.idempotency.store.sql import SqlStore
from tests.servers.postgres import by_asyncpg

BACKENDS = ("memory", "sqlite", "postgres", "redis", "redis-decoding")


class Wall:
    """A wall clock that may also be set back."""

    def __init__(self, at: float = 1_800_000_000.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


def address(backend: str, request: Any, folder: Path) -> str:
    """Return the URL of an empty database of `backend`, its server started by the fixtures."""
    if backend == "sqlite":
        return f"sqlite+aiosqlite:///{folder / 'keys.db'}"
    if backend == "postgres":
        url: str = request.getfixturevalue("postgres_url")
        return by_asyncpg(url)
    return str(request.getfixturevalue("redis_url")) if backend.startswith("redis") else ""


@asynccontextmanager
async def opened(backend: str, url: str, now: Clock | None) -> AsyncIterator[Any]:
    """Yield a store with its tables; `now` None takes the server's own clock."""
    store: Store
    if backend == "memory":
        store = MemoryStore() if now is None else MemoryStore(now)
    elif backend.startswith("redis"):
        import redis.asyncio

        decoding = backend.endswith("decoding")
        client = (
            redis.asyncio.Redis.from_url(url, decode_responses=True)
            if decoding
            else connect(url, patience=2.0, connections=10)
        )
        store = RedisStore(client, now=now, owned=True)
    else:
        from sqlalchemy.ext.asyncio import create_async_engine

        sql = SqlStore(create_async_engine(url), now=now, owned=True)
        await sql.create_tables()
        store = sql
    try:
        yield store
    finally:
        await store.aclose()


Opening = Callable[[Clock | None], Any]
