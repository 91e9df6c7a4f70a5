"""The plugin in a project of its own: what is told in production is raised there, where it was asked for."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SERVICE = """
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI
from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncAttrs, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from holdfast import Holdfast

app = FastAPI()
hold = Holdfast(app, budget=Path(__file__).with_name("holdfast.toml"))
db = hold.sql("db")
Session = Annotated[AsyncSession, db.depends]


class Base(AsyncAttrs, DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    lines: Mapped[list["Line"]] = relationship()


class Line(Base):
    __tablename__ = "lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))


@app.post("/fill")
async def fill(session: Session) -> None:
    for make in (Base.metadata.drop_all, Base.metadata.create_all):
        await (await session.connection()).run_sync(make)
    session.add_all([Order(id=n, lines=[Line(id=n)]) for n in (1, 2)])


@app.get("/lazy")
async def lazy(session: Session) -> int:
    return sum([len(await order.awaitable_attrs.lines) for order in await session.scalars(select(Order))])


@app.get("/expired")
async def expired(session: Session) -> int:
    orders = list(await session.scalars(select(Order)))
    session.expire_all()
    return sum([await order.awaitable_attrs.id for order in orders])
"""

BUDGET = """
[service]
name = "orders"
[dependency.db]
kind = "sqlite"
url_env = "DATABASE_URL"
"""

TESTS = """
import pytest
from fastapi.testclient import TestClient

from holdfast.errors import UsageError
from service import app


@pytest.fixture
def client():
    with TestClient(app) as client:
        client.post("/fill")
        yield client


@pytest.mark.parametrize("path", ["/lazy", "/expired"])
def test_as_the_project_says(client, path):
    assert client.get(path).status_code == 200


@pytest.mark.holdfast_strict
@pytest.mark.parametrize("path", ["/lazy", "/expired"])
def test_strict(client, path):
    with pytest.raises(UsageError, match="N\\\\+1") as raised:
        client.get(path)
    assert "service.py:" in raised.value.place


@pytest.mark.holdfast_strict(False)
def test_not_strict(client):
    assert client.get("/lazy").status_code == 200
"""


def run(folder: Path, settings: str) -> str:
    (folder / "service.py").write_text(SERVICE)
    (folder / "holdfast.toml").write_text(BUDGET)
    (folder / "test_service.py").write_text(TESTS)
    (folder / "pytest.ini").write_text(f"[pytest]\naddopts = --strict-markers -q\n{settings}\n")
    environ = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{folder / 'orders.db'}",
        # By name, so that it does not depend on how holdfast is installed here.
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": str(ROOT / "src"),
    }
    environ.pop("HOLDFAST_STRICT", None)
    command = [sys.executable, "-m", "pytest", "-p", "holdfast.testing.plugin", "-p", "no:cacheprovider"]
    ended = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=120
    )
    return ended.stdout + ended.stderr


def test_it_raises_where_a_test_asks_for_it(tmp_path: Path) -> None:
    out = run(tmp_path, "")
    assert "5 passed" in out, out


def test_it_raises_everywhere_where_the_project_asks_for_it(tmp_path: Path) -> None:
    out = run(tmp_path, "holdfast_strict = true")
    assert "2 failed, 3 passed" in out, out
    assert "write options(selectinload(Order.lines))" in out


def test_pytest_finds_it_by_itself() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    module = import_module(project["entry-points"]["pytest11"]["holdfast"])
    assert module.__name__ == "holdfast.testing.plugin"


@pytest.mark.parametrize("before", [None, "0", "1"])
def test_it_leaves_the_environment_as_it_was(before: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    from typing import Any

    from holdfast.testing.strict import pytest_runtest_protocol

    if before is None:
        monkeypatch.delenv("HOLDFAST_STRICT", raising=False)
    else:
        monkeypatch.setenv("HOLDFAST_STRICT", before)

    class Marked:
        args = ()
        kwargs: dict[str, Any] = {}  # noqa: RUF012 - as pytest's own has them

        def get_closest_marker(self, name: str) -> Any:
            return self

    item: Any = Marked()
    running = pytest_runtest_protocol(item)
    next(running)
    assert os.environ["HOLDFAST_STRICT"] == "1"
    with pytest.raises(KeyError):
        running.throw(KeyError())
    assert os.environ.get("HOLDFAST_STRICT") == before
