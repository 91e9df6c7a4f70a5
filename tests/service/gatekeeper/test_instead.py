"""What a browser and the limit learn of answers in the app's place."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware

from holdfast import Holdfast, deadline
from tests.service.asgi import Answer, call, keep, lifespan, scope
from tests.service.uvicorn_here import until

pytestmark = pytest.mark.anyio

SHOP = {"Origin": "https://shop.example"}


def with_cors() -> FastAPI:
    app = FastAPI()
    app.add_middleware(CORSMiddleware, allow_origins=["https://shop.example"], allow_credentials=True)

    @app.get("/slow")
    async def slow() -> None:
        await asyncio.sleep(30)

    @app.get("/stubborn")
    async def stubborn() -> None:
        await deadline.shield(asyncio.sleep(0.3))

    @app.post("/read")
    async def read(request: Request) -> int:
        return len(await request.body())

    return app


@pytest.mark.parametrize("path", ["/slow", "/stubborn"])
async def test_a_504_carries_cors_headers_where_the_app_has_cors(budget: Any, path: str) -> None:
    app = with_cors()
    Holdfast(app, budget=budget(deadline="50ms"))
    async with lifespan(app):
        ours, other, plain = await asyncio.gather(
            call(app, path, headers=SHOP),
            call(app, path, headers={"Origin": "https://other.example"}),
            call(app, path),
        )
    assert [answer.status for answer in (ours, other, plain)] == [504] * 3
    assert ours.headers["access-control-allow-origin"] == "https://shop.example"
    assert ours.headers["access-control-allow-credentials"] == "true"
    assert ours.headers["vary"] == "Origin"
    assert ours.headers["holdfast-outcome"] == "deadline"
    assert ours.headers["x-request-id"] == json.loads(ours.body)["request_id"]
    for answer in (other, plain):
        assert "access-control-allow-origin" not in answer.headers


async def test_a_408_carries_them_too(budget: Any) -> None:
    app = with_cors()
    hold = Holdfast(app, budget=budget(limit=2))
    part = {"type": "http.request", "body": b"x" * 70_000, "more_body": True}

    async def stuck(sent: list[Any], answer: Answer) -> None:
        async def receive() -> Any:
            if sent:
                return sent.pop()
            return await asyncio.sleep(30)

        headers = {**SHOP, "Transfer-Encoding": "chunked"}
        await app(scope("/read", method="POST", headers=headers), receive, keep(answer))  # type: ignore[arg-type]

    first, second = Answer(), Answer()
    async with lifespan(app):
        ended = asyncio.ensure_future(stuck([part], first))
        await until(lambda: hold.in_flight == 1)
        staying = asyncio.ensure_future(stuck([part], second))
        await ended
        assert first.status == 408
        assert first.headers["access-control-allow-origin"] == "https://shop.example"
        assert hold.in_flight == 1
        staying.cancel()
        await asyncio.wait((staying,))
        assert hold.in_flight == 0
