"""What an answer carries, and what is noted of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, HTTPException

from holdfast import Holdfast, request_id
from holdfast.policy.retry import layer
from holdfast.telemetry import process
from holdfast.telemetry.buckets import FIRST_BUCKET
from tests.service.asgi import call, lifespan

pytestmark = pytest.mark.anyio


def counted(row: str) -> int:
    return sum(sum(cells[FIRST_BUCKET:]) for name, cells in process.slot().requests.rows() if name == row)


async def test_an_answer_carries_the_request_id(budget: Any) -> None:
    app = FastAPI()

    @app.get("/id")
    async def id_() -> str:
        return request_id()

    Holdfast(app, budget=budget())
    async with lifespan(app):
        made = await call(app, "/id")
        given = await call(app, "/id", headers={"X-Request-Id": "abc-123"})
        forged = await call(app, "/id", headers={"X-Request-Id": "a b\x01"})
    assert made.headers["x-request-id"] == json.loads(made.body)
    assert given.headers["x-request-id"] == json.loads(given.body) == "abc-123"
    assert forged.headers["x-request-id"] == json.loads(forged.body) not in ("", "a b\x01")
    assert made.headers["x-request-id"] != forged.headers["x-request-id"]
    assert request_id() == ""


async def test_latency_is_noted_by_route_template_and_status_class(budget: Any) -> None:
    app, router = FastAPI(), APIRouter(prefix="/v1")

    @router.get("/items/{item}")
    async def item(item: int) -> int:
        if item == 7:
            raise HTTPException(404)
        return item

    app.include_router(router)
    Holdfast(app, budget=budget())
    rows = ["GET /v1/items/{item}\t2xx", "GET /v1/items/{item}\t4xx", "GET (unmatched)\t4xx"]
    before = [counted(row) for row in rows]
    async with lifespan(app):
        for path in ("/v1/items/1", "/v1/items/2", "/v1/items/7", "/nowhere", "/else"):
            await call(app, path)
    assert [counted(row) - b for row, b in zip(rows, before, strict=True)] == [2, 1, 2]


async def test_a_retry_is_marked_for_its_request_only(budget: Any) -> None:
    app = FastAPI()

    @app.get("/attempt")
    async def attempt() -> int:
        return layer.attempt_above()

    Holdfast(app, budget=budget())
    async with lifespan(app):
        marked = await call(app, "/attempt", headers={layer.HEADER: "2"})
        plain = await call(app, "/attempt")
        nonsense = await call(app, "/attempt", headers={layer.HEADER: "-1"})
    assert [answer.body for answer in (marked, plain, nonsense)] == [b"2", b"1", b"1"]
