"""Routes that the budget names, and contradictions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI

from holdfast import Holdfast
from holdfast.errors import UsageError
from holdfast.policy.idempotency.store.memory import MemoryStore
from tests.service.idempotency.orders import Service, budget, post
from tests.service.idempotency.routes.order import OrderIn

pytestmark = pytest.mark.anyio

NAMED = """
[dependency.keys]
kind = "sqlite"
url_env = "KEYS_URL"
[idempotency]
store = "keys"
routes = ["POST /orders", "POST /v1/things"]
tenant = "one"
retention = "1h"
"""


async def test_routes_that_the_budget_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYS_URL", f"sqlite:///{tmp_path / 'keys.db'}")
    made, router = Service(tmp_path, NAMED), APIRouter()

    @made.app.post("/orders")
    async def order(body: OrderIn) -> int:
        return await made.enter()

    @router.post("/things")
    def thing() -> int:
        made.ran += 1
        return made.ran

    @made.app.post("/free")
    async def free() -> int:
        return await made.enter()

    made.app.include_router(router, prefix="/v1")
    made.app.include_router(router, prefix="/v2")
    keys = made.hold.idempotent()
    await keys.create_tables()
    await keys.stop()
    async with made.up() as app:
        for path, counts in {
            "/orders": [1, 1],
            "/v1/things": [2, 2],
            "/v2/things": [3, 4],
            "/free": [5, 6],
        }.items():
            got = [json.loads((await post(app, path=path, key=path)).body) for _ in range(2)]
            assert got == counts, path
        assert (await post(app, key=None)).status == 400
        assert (await post(app, path="/v2/things", key=None)).status == 200


async def test_a_route_that_the_app_has_not_is_said_at_the_start(tmp_path: Path) -> None:
    made = Service(tmp_path, NAMED)
    with pytest.raises(UsageError, match=r'no route "POST /orders", "POST /v1/things"'):
        await made.boot()


async def test_a_missing_table_is_said_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYS_URL", f"sqlite:///{tmp_path / 'none.db'}")
    made = Service(tmp_path, NAMED.replace(', "POST /v1/things"', ""))

    @made.app.post("/orders")
    async def order() -> None:
        return None

    assert "create_tables" in await made.boot()


def test_contradictions_are_said_at_once(tmp_path: Path) -> None:
    hold = Holdfast(FastAPI(), budget=budget(tmp_path))
    for options, match in [
        ({"store": MemoryStore(), "effect": "transaction"}, "kept in SQL"),
        ({"store": MemoryStore(), "effect": "sometimes"}, "sometimes"),
        ({"store": MemoryStore(), "retention": "5s"}, "below lease"),
        ({"store": MemoryStore(), "tenant": "cookie x"}, 'expected "state NAME"'),
        ({"store": "db"}, "no dependency"),
        ({"store": 7}, "got int"),
        ({}, "expected a store"),
    ]:
        with pytest.raises(UsageError, match=match):
            hold.idempotent(**{"retention": "1h", "tenant": "one", **options})
