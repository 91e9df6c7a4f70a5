"""`hold.dependency` in an app: what a user gets, and what is on the board."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from holdfast import Holdfast
from holdfast.errors import UsageError
from holdfast.policy.mode import Mode

BUDGET = """
[dependency.mongo]
kind = "other"
timeout = { total = "10s" }
breaker = { window = "10s", failures = "50%", open = "30s", minimum = 2 }
bulkhead = 5
retry = { attempts = 2, budget = "100%" }
fallback = "503"
[retry]
budget = "50%"
"""


def held(folder: Path) -> tuple[FastAPI, Holdfast]:
    (folder / "holdfast.toml").write_text(BUDGET)
    app = FastAPI()
    return app, Holdfast(app, budget=folder / "holdfast.toml")


def test_the_503_says_which_and_when(tmp_path: Path) -> None:
    app, hold = held(tmp_path)

    @hold.dependency("mongo")
    async def find() -> int:
        await asyncio.sleep(0)
        raise ConnectionResetError

    @app.get("/")
    async def root() -> int:
        return await find()

    with TestClient(app) as client:
        answers = [client.get("/") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503] * 3
    assert [answer.json()["detail"] for answer in answers] == ["mongo: reset"] * 2 + ["mongo: breaker open"]
    last = answers[-1]
    assert last.headers["content-type"] == "application/problem+json"
    assert last.json()["dependency"] == "mongo"
    assert 1 <= int(last.headers["retry-after"]) <= 30
    assert last.json()["retry_after"] == int(last.headers["retry-after"])


def test_a_fallback_and_a_block(tmp_path: Path) -> None:
    app, hold = held(tmp_path)

    @hold.dependency("mongo", fallback=[])
    async def related() -> list[int]:
        await asyncio.sleep(0)
        raise ConnectionResetError

    @app.get("/related")
    async def look_up() -> list[int]:
        return await related()

    @app.get("/block")
    async def block() -> int:
        async with hold.dependency("mongo"):
            return hold._dependencies._states["mongo"].in_flight

    with TestClient(app) as client:
        assert client.get("/related").json() == []
        assert client.get("/block").json() == 1


def test_names_share_their_state_and_have_one_mode(tmp_path: Path) -> None:
    _, hold = held(tmp_path)
    hold.dependency("mongo")
    hold.dependency("mongo", idempotent=True, mode=Mode.ENFORCE)
    with pytest.raises(UsageError, match="another mode"):
        hold.dependency("mongo", mode=Mode.OBSERVE)
    with pytest.raises(UsageError, match='no dependency "redis"; known: mongo'):
        hold.dependency("redis")


def test_the_budget_of_the_process_is_shared(tmp_path: Path) -> None:
    _, hold = held(tmp_path)
    state: Any = hold._dependencies

    async def shared() -> bool:
        hold.dependency("mongo")
        retry = state._states["mongo"].pipelines.current().retry
        return retry.core.process is state._retries

    assert state._retries is not None
    assert asyncio.run(shared())
