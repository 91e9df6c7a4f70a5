"""What is committed when: before the answer, and never around a call to somebody else."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.pool import Pool
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from examples.shop.database import create_engine
from examples.shop.models import Order
from tests.examples.conftest import Open, application

ORDER = {"customer_id": 7, "lines": [{"product_id": 3}]}


class Witness:
    """Counts, from a connection of its own, the orders that are paid when an answer starts."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.paid: list[int] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.paid.append(await self.count())
            await send(message)

        await self.app(scope, receive, watched)

    async def count(self) -> int:
        engine = create_engine()
        async with engine.connect() as connection:
            paid = await connection.scalar(select(func.count()).where(Order.status == "paid"))
        await engine.dispose()
        return paid or 0


@pytest.mark.parametrize(("form", "seen"), [("fragile", 2_000), ("held", 2_001)])
@pytest.mark.usefixtures("shop")
def test_who_reads_an_order_when_it_was_answered(form: str, seen: int) -> None:
    witness = Witness(application(form))
    with TestClient(witness) as client:
        assert client.post("/orders", json=ORDER).status_code == 201
    assert witness.paid == [seen]


@contextmanager
def connections() -> Iterator[list[int]]:
    """Yield a list of one number: the connections in use."""
    used = [0]

    def out(*_: Any) -> None:
        used[0] += 1

    def back(*_: Any) -> None:
        used[0] -= 1

    event.listen(Pool, "checkout", out)
    event.listen(Pool, "checkin", back)
    try:
        yield used
    finally:
        event.remove(Pool, "checkout", out)
        event.remove(Pool, "checkin", back)


@pytest.mark.parametrize(("form", "held"), [("fragile", 1), ("held", 0)])
def test_connections_in_use_while_the_provider_is_called(
    shop: Open, form: str, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    with shop(form) as client, connections() as used:
        orders = importlib.import_module(f"examples.shop.{form}.orders")
        charge = orders.charge

        async def watched(*arguments: Any) -> Any:
            seen.append(used[0])
            return await charge(*arguments)

        monkeypatch.setattr(orders, "charge", watched)
        assert client.post("/orders", json=ORDER).status_code == 201
    assert seen == [held]
