"""A caller reads what he wrote, in his next request too, by cookie or header.

Annotations are not postponed here: the database is made in a function, and FastAPI would not find its name.
"""

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from holdfast import Holdfast
from holdfast.service.consistency import NAME
from tests.service.asgi import call, lifespan

pytestmark = pytest.mark.anyio

BUDGET = """
[service]
name = "notes"
workers = 1
[traffic]
peak = "100/s"
[dependency.db]
kind = "sqlite"
url_env = "DATABASE_URL"
held = "10ms"
[dependency.copy]
kind = "sqlite"
url_env = "COPY_URL"
held = "10ms"
{replica}
"""

REPLICA = 'replica = { of = "db", lag = "60s" }'
CREATE = text("CREATE TABLE notes (id INTEGER PRIMARY KEY)")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def made(folder: Path, monkeypatch: pytest.MonkeyPatch, replica: str = REPLICA) -> tuple[FastAPI, Any]:
    """A service that writes to one database, and reads from its copy, which never shows anything."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{folder / 'db.sqlite'}")
    monkeypatch.setenv("COPY_URL", f"sqlite:///{folder / 'copy.sqlite'}")
    path = folder / "holdfast.toml"
    path.write_text(BUDGET.format(replica=replica))
    app = FastAPI()
    hold = Holdfast(app, budget=path)
    db = hold.sql("db")

    @app.post("/notes")
    async def write(session: db.Session) -> None:
        await session.execute(text("INSERT INTO notes DEFAULT VALUES"))

    @app.get("/notes")
    async def count(session: db.Reading) -> int:
        return int((await session.execute(text("SELECT count(*) FROM notes"))).scalar_one())

    return app, hold


async def created(hold: Any) -> None:
    for name in ("db", "copy"):
        async with hold.sql(name).engine.begin() as connection:
            await connection.execute(CREATE)


async def test_what_was_written_is_read_by_who_wrote_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, hold = made(tmp_path, monkeypatch)
    async with lifespan(app):
        await created(hold)
        wrote = (await call(app, "/notes", method="POST")).headers
        token = wrote[NAME]
        assert token.startswith("db:")
        cookie = wrote["set-cookie"]
        assert cookie == f"{NAME}={token}; Max-Age=60; Path=/; HttpOnly; SameSite=Lax"
        assert (await call(app, "/notes")).body == b"0"
        for said in ({"cookie": f"a=b; {NAME}={token}"}, {NAME: token}):
            read = await call(app, "/notes", headers=said)
            assert read.body == b"1"
            assert not {NAME, "set-cookie"} & read.headers.keys()
        for nonsense in (f'"; {NAME}=\u00ff|db:x', f"{NAME}=", f'{NAME}="', f"{NAME}; {NAME}={'x' * 9000}"):
            assert (await call(app, "/notes", headers={"cookie": nonsense})).body == b"0"


async def test_without_a_replica_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app, hold = made(tmp_path, monkeypatch, replica="")
    async with lifespan(app):
        await created(hold)
        answer = await call(app, "/notes", method="POST")
        assert NAME not in answer.headers
        assert (await call(app, "/notes")).body == b"1"


async def test_reads_are_counted_by_where_they_went(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from holdfast.telemetry import process

    app, hold = made(tmp_path, monkeypatch)
    async with lifespan(app):
        await created(hold)
        rows = process.slot().reads
        before = rows.row("replica\tcopy\tdb")[0], rows.row("wrote\tdb\tdb")[0]
        wrote = (await call(app, "/notes", method="POST")).headers
        await call(app, "/notes")
        await call(app, "/notes", headers={NAME: wrote[NAME]})
        assert rows.row("replica\tcopy\tdb")[0] - before[0] == 1
        assert rows.row("wrote\tdb\tdb")[0] - before[1] == 1
