"""A small service with keys, in the test's own loop: what its effects are is counted beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from holdfast import Holdfast
from holdfast.policy.idempotency.store import Clock
from holdfast.policy.idempotency.store.memory import MemoryStore
from holdfast.policy.idempotency.store.redis import RedisStore, connect
from holdfast.policy.idempotency.store.sql import SqlStore
from tests.service.asgi import Answer, keep, lifespan, one_message, scope

BUDGET = """
[service]
name = "test"
workers = 1
[admission]
limit = 64
queue = 0
[deadline]
default = "20s"
{more}
"""


def budget(folder: Path, more: str = "") -> Path:
    path = folder / "holdfast.toml"
    path.write_text(BUDGET.format(more=more))
    return path


def engine(url: str) -> AsyncEngine:
    from sqlalchemy.ext.asyncio import create_async_engine

    return create_async_engine(url, pool_size=20)


@asynccontextmanager
async def database(url: str) -> AsyncIterator[AsyncEngine]:
    """An engine with a table of effects and the table of keys."""
    made = engine(url)
    async with made.begin() as connection:
        await connection.execute(text("CREATE TABLE effects (name VARCHAR(200), note VARCHAR(200))"))
    await SqlStore(made).create_tables()
    try:
        yield made
    finally:
        await made.dispose()


async def effects(of: AsyncEngine, name: str | None = None) -> int:
    async with of.connect() as connection:
        where = "" if name is None else " WHERE name = :name"
        found = await connection.execute(
            text(f"SELECT count(*) FROM effects{where}"), {"name": name} if name else {}
        )
        return int(found.scalar_one())


def store_of(backend: str, url: str, now: Clock | None = None) -> Any:
    """Return what `hold.idempotent` takes."""
    if backend == "memory":
        return MemoryStore() if now is None else MemoryStore(now)
    if backend == "redis":
        return RedisStore(connect(url, patience=2.0, connections=20), now=now)
    return SqlStore(engine(url), now=now)


async def post(
    app: FastAPI,
    path: str = "/orders",
    key: str | None = "k",
    body: bytes = b'{"item": 1}',
    method: str = "POST",
    **headers: str,
) -> Answer:
    found = {"content-type": "application/json", **{name.replace("_", "-"): v for name, v in headers.items()}}
    if key is not None:
        found["idempotency-key"] = key
    path, _, query = path.partition("?")
    sent, answer = scope(path, method=method, headers=found), Answer()
    sent["query_string"] = query.encode()
    await app(sent, one_message(body), keep(answer))
    return answer


class Service:
    """`app` with `hold`; `ran` counts how often a route's function began, `gate` holds it inside."""

    def __init__(self, folder: Path, more: str = "", **options: Any) -> None:
        self.app = FastAPI()
        self.hold = Holdfast(self.app, budget=budget(folder, more), **options)
        self.ran = 0
        self.gate: asyncio.Event | None = None
        self.inside = asyncio.Event()

    async def enter(self) -> int:
        self.ran += 1
        self.inside.set()
        if self.gate is not None:
            await self.gate.wait()
        return self.ran

    async def boot(self) -> str:
        """Begin the lifespan with a start that fails; return what the server is told."""
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        inbox, outbox = asyncio.Queue[Any](), asyncio.Queue[Any]()
        inbox.put_nowait({"type": "lifespan.startup"})
        await self.app(scope, inbox.get, outbox.put)
        told = outbox.get_nowait()
        assert told["type"] == "lifespan.startup.failed"
        return str(told["message"])

    @asynccontextmanager
    async def up(self) -> AsyncIterator[FastAPI]:
        async with lifespan(self.app):
            yield self.app
