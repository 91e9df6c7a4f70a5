"""A route with keys that takes an order, and how it is asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Response
from pydantic import BaseModel

from holdfast.policy.idempotency.store.memory import MemoryStore
from tests.service.asgi import Answer
from tests.service.idempotency.orders import Service, post


class OrderIn(BaseModel):
    item: int


class Order(BaseModel):
    number: int
    item: int


def service(folder: Path, **options: Any) -> tuple[Service, Any]:
    made = Service(folder)
    options = {"tenant": "header x-tenant", "retention": "1h", **options}
    idempotent = made.hold.idempotent(MemoryStore(), **options)

    @made.app.post("/orders", status_code=201)
    @idempotent
    async def order(body: OrderIn, response: Response) -> Order:
        response.headers["x-mine"] = "kept"
        response.set_cookie("session", "secret")
        return Order(number=await made.enter(), item=body.item)

    return made, idempotent


async def send(app: FastAPI, key: str | None = "k", item: int = 1, tenant: str = "a", **more: Any) -> Answer:
    return await post(app, key=key, body=json.dumps({"item": item}).encode(), x_tenant=tenant, **more)
