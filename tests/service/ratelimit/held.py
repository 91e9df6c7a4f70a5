"""A held app with rate limits, and a caller."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Header

from holdfast import Holdfast
from tests.service.asgi import Answer, keep, one_message, scope

BASE = """
[service]
name = "shop"
"""


def held(folder: Path, toml: str, **options: Any) -> tuple[FastAPI, Holdfast]:
    """Return an app with a few routes, held to a budget of `toml`."""
    budget = folder / "holdfast.toml"
    budget.write_text(BASE + toml, encoding="utf-8")
    app = FastAPI()
    hold = Holdfast(app, budget=budget, **options)

    @app.get("/orders")
    async def orders() -> list[int]:
        return []

    @app.post("/orders")
    async def order(body: dict[str, Any]) -> dict[str, Any]:
        return body

    @app.get("/orders/{number}")
    async def one(number: int) -> int:
        return number

    inner = APIRouter()

    @inner.get("/items/{name}")
    async def item(name: str) -> str:
        return name

    app.include_router(inner, prefix="/v1")
    app.include_router(inner, prefix="/v2")
    return app, hold


async def ask(
    app: FastAPI,
    path: str = "/orders",
    *,
    method: str = "GET",
    peer: str = "203.0.113.9",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> Answer:
    """Send one request from `peer` and return the answer."""
    answer = Answer()
    sent = scope(path, method=method, headers={"content-type": "application/json"} | dict(headers or {}))
    sent["client"] = (peer, 50000)
    await app(sent, one_message(body), keep(answer))
    return answer


async def user(x_user: Annotated[str | None, Header()] = None) -> str | None:
    """Return who calls, as an app's own authentication does."""
    return x_user


User = Annotated[str | None, Depends(user)]
