"""How a held app starts: without a budget, without a lifespan, again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from holdfast import Holdfast, errors, remaining, request_id
from tests.service.asgi import call, lifespan

pytestmark = pytest.mark.anyio


async def test_without_a_budget_everything_observes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HOLDFAST_BUDGET", raising=False)
    app = FastAPI()

    @app.get("/left")
    async def left() -> float | None:
        return remaining()

    with caplog.at_level("WARNING", "holdfast"):
        Holdfast(app)
    assert "no holdfast.toml" in caplog.text
    async with lifespan(app):
        answers = await asyncio.gather(*(call(app, "/left") for _ in range(50)))
    assert {a.status for a in answers} == {200}
    assert {a.body for a in answers} == {b"null"}


async def test_the_app_is_held_once(budget: Any) -> None:
    app = FastAPI()
    Holdfast(app, budget=budget())
    with pytest.raises(errors.UsageError, match="once"):
        Holdfast(app, budget=budget())


async def test_without_a_lifespan_the_first_request_starts_it(budget: Any) -> None:
    app = FastAPI()

    @app.get("/")
    async def root() -> str:
        return request_id()

    hold = Holdfast(app, budget=budget())
    answer = await call(app, "/")
    assert answer.status == 200
    assert answer.headers["x-request-id"]
    await hold.stop()


async def test_the_service_can_be_started_again(budget: Any, tmp_path: Path) -> None:
    """As test clients do: one app, one lifespan after the other; the clients of dependencies live on."""
    path = budget()
    path.write_text(path.read_text() + '[dependency.p]\nkind = "http"\nurl_env = "P_URL"\n')
    app = FastAPI()
    hold = Holdfast(app, budget=path)
    client = hold.http("p", environ={"P_URL": "http://127.0.0.1:9"})

    @app.get("/p")
    async def p() -> str:
        return (await client.get("/")).text

    for _ in range(2):
        async with lifespan(app):
            answer = await call(app, "/p")
            assert (answer.status, answer.headers["holdfast-outcome"]) == (503, "dependency")
