"""`db.Session` in routes: committed before the answer goes out, released before a body is streamed.

Annotations are not postponed here: the database is made in a function, and FastAPI would not find its name.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException
from fastapi.responses import StreamingResponse
from sqlalchemy import text

from holdfast import Holdfast
from holdfast.client.sql import Database
from holdfast.errors import UsageError
from tests.service.asgi import Answer, call, keep, lifespan, one_message, scope

pytestmark = pytest.mark.anyio

BUDGET = """
[service]
name = "notes"
workers = 1
[traffic]
peak = "100/s"
[admission]
limit = 64
queue = 0
[deadline]
default = "20s"
[dependency.db]
kind = "sqlite"
url_env = "DATABASE_URL"
held = "10ms"
{more}
[dependency.redis]
kind = "redis"
url_env = "REDIS_URL"
"""

INSERT = text("INSERT INTO notes VALUES (:id, 'x')")


class Notes:
    """A service with notes; `taken` is what its routes saw of the pool when their body went out."""

    def __init__(self, folder: Path, url: str, monkeypatch: pytest.MonkeyPatch, more: str = "") -> None:
        monkeypatch.setenv("DATABASE_URL", url)
        path = folder / "holdfast.toml"
        path.write_text(BUDGET.format(more=more))
        self.app = FastAPI()
        self.hold = Holdfast(self.app, budget=path)
        self.db: Database = self.hold.sql("db")
        self.taken: list[int] = []
        db = self.db

        @self.app.post("/notes/{number}")
        async def note(number: int, session: db.Session, then: str = "") -> dict[str, int]:
            await session.execute(INSERT, {"id": number})
            if then == "refuse":
                raise HTTPException(409)
            if then == "fail":
                raise RuntimeError
            if then == "twice":
                await session.execute(INSERT, {"id": number})
            return {"number": number}

        @self.app.get("/export")
        async def export(session: db.Session) -> StreamingResponse:
            found = (await session.execute(text("SELECT count(*) FROM notes"))).scalar_one()

            async def parts() -> AsyncIterator[bytes]:
                self.taken.append(db.state.in_flight)
                yield str(found).encode()

            return StreamingResponse(parts())

    async def count(self) -> int:
        async with self.db.begin() as session:
            return int((await session.execute(text("SELECT count(*) FROM notes"))).scalar_one())


@asynccontextmanager
async def served(notes: Notes) -> AsyncIterator[Notes]:
    async with lifespan(notes.app):
        async with notes.db.begin() as session:
            await session.execute(text("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)"))
        yield notes


async def test_the_commit_comes_before_the_answer(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(Notes(tmp_path, url, monkeypatch)) as notes:
        answer, seen = Answer(), []

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                seen.append((await notes.count(), notes.db.state.in_flight))
            await keep(answer)(message)

        await notes.app(scope("/notes/1", method="POST"), one_message(b""), send)
        assert answer.status == 200
        assert seen == [(1, 0)]


@pytest.mark.parametrize(("then", "status"), [("refuse", 409), ("twice", 500), ("fail", 500)])
async def test_a_route_that_raises_leaves_nothing(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, then: str, status: int
) -> None:
    async with served(Notes(tmp_path, url, monkeypatch)) as notes:
        query = scope("/notes/1", method="POST") | {"query_string": f"then={then}".encode()}
        answer = Answer()
        with pytest.raises(Exception) if status == 500 else _nothing():  # noqa: PT011 - Starlette passes it on
            await notes.app(query, one_message(b""), keep(answer))
        assert answer.status == status
        assert await notes.count() == 0
        assert notes.db.state.in_flight == 0


async def test_the_connection_is_back_before_a_body_is_streamed(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(Notes(tmp_path, url, monkeypatch)) as notes:
        answer = await call(notes.app, "/export")
        assert (answer.status, answer.body) == (200, b"0")
        assert notes.taken == [0]


async def test_a_database_that_is_gone_is_a_clear_503(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = Notes(tmp_path, "postgresql://holdfast@127.0.0.1:1/none", monkeypatch)
    async with lifespan(notes.app):
        answer = await call(notes.app, "/notes/1", method="POST")
        assert answer.status == 503
        assert b'"db' in answer.body


async def test_the_pool_is_what_the_plan_derives_and_is_on_the_board(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from holdfast.telemetry import process

    async with served(Notes(tmp_path, url, monkeypatch)) as notes:
        places = notes.db.lanes.current().checkout.places
        assert places is not None
        assert places.size == notes.hold.derived("dependency.db.pool") == 3
        async with notes.db.begin() as session:
            await session.execute(text("SELECT 1"))
            notes.hold._dependencies.write(process.slot())
            assert list(process.slot().pools.row("db"))[:3] == [3, 1, 0]


async def test_the_pool_is_closed_with_the_app(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(Notes(tmp_path, sqlite_url, monkeypatch)) as notes:
        assert await notes.count() == 0
        pool = notes.db.engine.sync_engine.pool
        assert pool.checkedin() == 1  # type: ignore[attr-defined]
    assert pool.checkedin() == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["redis", "payments"])
def test_what_is_no_database_is_a_usage_error(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with pytest.raises(UsageError, match=name):
        Notes(tmp_path, sqlite_url, monkeypatch).hold.sql(name)


async def test_cancelled_requests_leave_nothing(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(Notes(tmp_path, url, monkeypatch)) as notes:
        tasks = []
        for number in range(40):
            tasks.append(asyncio.create_task(call(notes.app, f"/notes/{number}", method="POST")))
            await asyncio.sleep(0 if number % 3 else 0.002)
            if number % 2:
                tasks[number - 1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert notes.db.state.in_flight == 0
        statuses = [task.result().status for task in tasks if not task.cancelled()]
        # A busy machine's loop may be late, and its door then refuses: what was answered was committed.
        assert set(statuses) <= {200, 503}
        assert 0 < statuses.count(200) <= await notes.count()


def _nothing() -> Any:
    from contextlib import nullcontext

    return nullcontext()
