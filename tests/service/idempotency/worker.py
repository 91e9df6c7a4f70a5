"""The app of the worker processes that the tests kill and stop: uvicorn tests.service.idempotency.worker:app.

/orders: key and effect in one transaction, in Postgres. /lite: the same in SQLite. /charges: the effect is a
line in a file, and the key in Redis. /notes: the same file, and the key in Postgres.
"""

# ruff: noqa: ASYNC110 - what is waited for is in another process, or at a server
from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from holdfast import Holdfast
from holdfast.policy.idempotency.store.redis import RedisStore, connect

folder = Path(os.environ["KEYS_FOLDER"])
app = FastAPI()
hold = Holdfast(app, budget=folder / "holdfast.toml")
common: Any = {"tenant": "one", "retention": "1h", "lease": os.environ.get("KEYS_LEASE", "600ms")}
INSERT = text("INSERT INTO effects (name, note) VALUES (:name, 'x')")


async def linger(name: str) -> None:
    """Give a kill its chance; where the test says so, wait for its word."""
    if name.startswith("held") and os.environ.get("KEYS_HOLDS"):
        (folder / f"inside {name}").touch()
        while not (folder / f"go {name}").exists():
            await asyncio.sleep(0.01)
    else:
        await asyncio.sleep(random.random() * 0.05)


def write(name: str) -> None:
    """Have the effect: one line, whole, that a kill does not take back."""
    file = os.open(folder / "effects.txt", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{name}\n".encode())
    os.close(file)


def in_sql(path: str, url: str) -> None:
    orders = hold.idempotent(create_async_engine(url, pool_size=10), effect="transaction", **common)

    @app.post(path + "/{name}", status_code=201)
    @orders
    async def order(name: str, session: Any = Depends(orders.session)) -> dict[str, str]:  # noqa: B008
        await linger(name)
        await session.execute(INSERT, {"name": name})
        await asyncio.sleep(random.random() * 0.01)
        return {"name": name, "by": os.urandom(4).hex()}


def elsewhere(path: str, store: Any) -> None:
    charges = hold.idempotent(store, **common)

    @app.post(path + "/{name}", status_code=201)
    @charges
    async def charge(name: str) -> dict[str, str]:
        await linger(name)
        write(name)
        await linger("")
        return {"name": name, "by": os.urandom(4).hex()}


if url := os.environ.get("KEYS_POSTGRES"):
    in_sql("/orders", url)
    elsewhere("/notes", create_async_engine(url, pool_size=10))
if url := os.environ.get("KEYS_SQLITE"):
    in_sql("/lite", url)
if url := os.environ.get("KEYS_REDIS"):
    elsewhere("/charges", RedisStore(connect(url, patience=2.0, connections=20)))
