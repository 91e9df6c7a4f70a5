"""`db.Session` in `def` routes: committed before the answer goes out, whoever holds the threads.

Annotations are not postponed here: the database is made in a function, and FastAPI would not find its name.
"""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from holdfast import Holdfast
from holdfast.errors import UsageError
from holdfast.events import DataAccessSeen
from holdfast.telemetry import process
from tests.service.asgi import call, lifespan

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
[offload]
threads = 2
[deadline]
default = "{deadline}"
[dependency.db]
kind = "postgres"
url_env = "DATABASE_URL"
held = "1ms"
max_connections = 100
timeout = {{ connect = "5s", total = "20s" }}
[dependency.redis]
kind = "redis"
url_env = "REDIS_URL"
"""

INSERT = text("INSERT INTO notes VALUES (:id, 'x')")
COUNT = text("SELECT count(*) FROM notes")


class Notes:
    """A service whose routes are all `def`."""

    def __init__(
        self, folder: Path, url: str, monkeypatch: pytest.MonkeyPatch, deadline: str = "20s"
    ) -> None:
        monkeypatch.setenv("DATABASE_URL", url)
        path = folder / "holdfast.toml"
        path.write_text(BUDGET.format(deadline=deadline))
        self.app = FastAPI()
        self.hold = Holdfast(self.app, budget=path)
        self.db = db = self.hold.sql("db", sync=True)
        self.coroutines = self.hold.sql("db")
        self.blocked = threading.Event()

        @self.app.post("/notes/{number}")
        def note(number: int, session: db.Session, then: str = "") -> dict[str, int]:
            session.execute(INSERT, {"id": number})
            if then == "refuse":
                raise HTTPException(409)
            return {"number": number}

        @self.app.get("/many")
        def many(session: db.Session) -> int:
            for _ in range(5):
                session.execute(COUNT)
            return 5

        @self.app.get("/slow")
        def slow(session: db.Session) -> None:
            session.execute(text("SELECT pg_sleep(60)"))

        @self.app.get("/both")
        def both(session: db.Session) -> int:
            def work(inner: Any) -> int:
                return int(inner.execute(COUNT).scalar_one())

            return db.run(work, isolation="SERIALIZABLE")

    async def begin(self) -> None:
        async with self.coroutines.begin() as session:
            await session.execute(text("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)"))

    async def count(self) -> int:
        async with self.coroutines.begin() as session:
            return int((await session.execute(COUNT)).scalar_one())


async def test_the_commit_comes_before_the_answer(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = Notes(tmp_path, postgres_url, monkeypatch)
    async with lifespan(notes.app):
        await notes.begin()
        assert (await call(notes.app, "/notes/1", method="POST")).status == 200
        assert await notes.count() == 1
        refused = await notes_call(notes, "/notes/2?then=refuse")
        assert refused == 409
        assert await notes.count() == 1
        with pytest.raises(IntegrityError):
            await call(notes.app, "/notes/1", method="POST")
        assert notes.db.state.in_flight == 0
        assert (await call(notes.app, "/both")).body == b"1"


async def notes_call(notes: Notes, path: str) -> int:
    from tests.service.asgi import Answer, keep, one_message, scope

    answer = Answer()
    route, _, query = path.partition("?")
    asked = scope(route, method="POST") | {"query_string": query.encode()}
    await notes.app(asked, one_message(b""), keep(answer))
    return answer.status


async def test_more_requests_than_threads_and_connections_are_all_served(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two threads and one connection: who has the connection gives it back though others hold the threads."""
    notes = Notes(tmp_path, postgres_url, monkeypatch)
    async with lifespan(notes.app):
        await notes.begin()
        assert notes.hold.derived("dependency.db.pool") == 1
        calls = [call(notes.app, f"/notes/{number}", method="POST") for number in range(20)]
        answers = await asyncio.gather(*calls)
        assert [answer.status for answer in answers] == [200] * 20
        assert await notes.count() == 20


async def test_a_statement_ends_with_its_request(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = Notes(tmp_path, postgres_url, monkeypatch, deadline="500ms")
    async with lifespan(notes.app):
        await notes.begin()
        assert (await call(notes.app, "/slow")).status == 504
        assert (await call(notes.app, "/notes/1", method="POST")).status == 200


async def test_n_plus_one_is_told_with_its_line_and_raised_in_tests(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = Notes(tmp_path, postgres_url, monkeypatch)
    heard: list[DataAccessSeen] = []
    async with lifespan(notes.app):
        await notes.begin()
        process.bus().subscribe(DataAccessSeen, heard.append)
        try:
            assert (await call(notes.app, "/many")).status == 200
            await asyncio.sleep(0)
            (event,) = heard
            assert (event.kind, event.function) == ("repeated", "Notes.__init__.<locals>.many")
            monkeypatch.setenv("HOLDFAST_STRICT", "1")
            with pytest.raises(UsageError, match=r"N\+1"):
                await call(notes.app, "/many")
        finally:
            process.bus().unsubscribe(DataAccessSeen, heard.append)
        assert notes.db.state.in_flight == 0


async def test_the_second_of_a_name_shares_and_may_not_differ(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = Notes(tmp_path, postgres_url, monkeypatch)
    assert notes.db.state is notes.coroutines.state
    with pytest.raises(UsageError, match="already"):
        notes.hold.sql("db", strict=True)
