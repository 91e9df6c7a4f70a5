"""The database goes away, or has nothing to give, while a route with keys runs: nobody's failure, a 503."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import Depends
from sqlalchemy import exc, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from holdfast.service.idempotency.interrupted import interrupted
from tests.servers.postgres import by_asyncpg
from tests.service.asgi import Answer
from tests.service.idempotency.orders import Service, database, effects, post

pytestmark = pytest.mark.anyio

INSERT = text("INSERT INTO effects (name, note) VALUES (:name, 'x')")
Run = Callable[[Service, Any], Awaitable[None]]


async def insert(made: Service, session: Any) -> None:
    await made.enter()
    await session.execute(INSERT, {"name": "a"})


@asynccontextmanager
async def held(
    folder: Path, engine: AsyncEngine, run: Run = insert, effect: str = "transaction"
) -> AsyncIterator[tuple[Service, asyncio.Task[Answer]]]:
    """A service, and a request that is in its route and waits for the gate there."""
    made = Service(folder)
    orders = made.hold.idempotent(engine, effect=effect, tenant="one", retention="1h")

    @made.app.post("/orders", status_code=201)
    @orders
    async def order(session: Any = Depends(orders.session)) -> str:  # noqa: B008
        await run(made, session)
        return "done"

    async with made.up() as app:
        made.gate = asyncio.Event()
        first = asyncio.create_task(post(app))
        await asyncio.wait_for(made.inside.wait(), 30)
        yield made, first
        assert first.done()


def told(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.headers.get("holdfast-outcome", "")


async def comes_again(made: Service, first: asyncio.Task[Answer]) -> None:
    """The first one is told to come again."""
    assert made.gate is not None
    made.gate.set()
    answer = await first
    assert told(answer) == (503, "dependency"), answer.body
    assert answer.headers["retry-after"] == "1"
    assert "nothing was done" in json.loads(answer.body)["detail"]


async def test_a_lock_that_others_hold_for_too_long(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'a.db'}"
    async with database(url) as others:
        engine = create_async_engine(url, connect_args={"timeout": 0.05})
        async with held(tmp_path, engine) as (made, first):
            async with others.connect() as other:
                await other.execute(text("BEGIN IMMEDIATE"))
                await comes_again(made, first)
            answer = await post(made.app)
            while answer.status == 409:  # the key is freed as soon as the file is
                await asyncio.sleep(0.05)
                answer = await post(made.app)
            assert told(answer) == (201, ""), answer.body
            assert await effects(others) == 1
        await engine.dispose()


async def test_a_connection_that_the_server_ends(tmp_path: Path, postgres_url: str) -> None:
    async def run(made: Service, session: Any) -> None:
        pid.append((await session.execute(text("SELECT pg_backend_pid()"))).scalar_one())
        await insert(made, session)

    pid: list[int] = []
    url = by_asyncpg(postgres_url)
    async with database(url) as engine, held(tmp_path, engine, run) as (made, first):
        async with engine.connect() as other:
            await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid[0]})
        await comes_again(made, first)
        assert told(await post(made.app)) == (201, "")
        assert await effects(engine) == 1


async def test_no_connection_comes_free(tmp_path: Path, postgres_url: str) -> None:
    url = by_asyncpg(postgres_url)
    async with database(url):
        engine = create_async_engine(url, pool_size=1, max_overflow=0, pool_timeout=0.05)
        async with held(tmp_path, engine) as (made, first):
            async with engine.connect():
                await comes_again(made, first)
            assert told(await post(made.app)) in ((201, ""), (409, "key-in-flight"))
        await engine.dispose()


async def fails_by_itself(made: Service, session: Any) -> None:
    await made.enter()
    await session.execute(text("INSERT INTO nothing VALUES (1)"))


async def finds_no_file(made: Service, session: Any) -> None:
    await session.execute(INSERT, {"name": "a"})
    await made.enter()
    raise FileNotFoundError("price-list.csv")


@pytest.mark.parametrize("run", [fails_by_itself, finds_no_file])
async def test_what_the_route_does_wrong_stays_its_failure(tmp_path: Path, run: Run) -> None:
    async with database(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}") as engine:
        async with held(tmp_path, engine, run) as (made, first):
            assert made.gate is not None
            made.gate.set()
            with pytest.raises((exc.OperationalError, FileNotFoundError)):
                await first
        assert await effects(engine) == 0


async def test_an_effect_elsewhere_may_have_happened(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'a.db'}"
    async with database(url) as others:
        engine = create_async_engine(url, connect_args={"timeout": 0.05})
        async with held(tmp_path, engine, effect="elsewhere") as (made, first), others.connect() as other:
            await other.execute(text("BEGIN IMMEDIATE"))
            assert made.gate is not None
            made.gate.set()
            with pytest.raises(exc.OperationalError, match="locked"):
                await first
        await engine.dispose()


class Told(Exception):
    """What a driver raises."""

    def __init__(self, **code: str) -> None:
        super().__init__("no")
        vars(self).update(code)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (exc.OperationalError("", {}, Told(sqlite_errorname="SQLITE_BUSY_SNAPSHOT")), True),
        (exc.OperationalError("", {}, Told(sqlite_errorname="SQLITE_ERROR")), False),
        (exc.OperationalError("", {}, Told()), True),  # drivers without codes
        (exc.InterfaceError("", {}, Told()), False),  # asyncpg's for a value of the wrong type, too
        (exc.InterfaceError("", {}, Told(), connection_invalidated=True), True),
        (exc.DBAPIError("", {}, Told(sqlstate="53300")), True),  # too many clients
        (exc.DBAPIError("", {}, Told(sqlstate="40001")), True),
        (exc.OperationalError("", {}, Told(sqlstate="55P03")), True),
        (exc.OperationalError("", {}, Told(sqlstate="55006")), False),
        (exc.IntegrityError("", {}, Told(sqlstate="23505")), False),
        (exc.TimeoutError("pool"), True),
        (exc.PendingRollbackError("gone", code="8s2b"), True),
        (exc.PendingRollbackError("a flush had failed", code="7s2a"), False),
        (ConnectionRefusedError(), False),  # nobody knows whose
        (ValueError(), False),
    ],
)
def test_what_errors_say(error: Exception, expected: bool) -> None:
    assert interrupted(error) is expected
