"""Both forms answer the same routes with the same payloads; they differ where something fails."""

from __future__ import annotations

import asyncio
import time

import httpx2
import pytest
from sqlalchemy import select

from examples.shop.database import create_engine
from examples.shop.models import Stock
from examples.shop.settle import settle
from tests.examples.conftest import Open, Provider

FORMS = ["fragile", "held"]
ORDER = {"customer_id": 7, "lines": [{"product_id": 3, "quantity": 2}, {"product_id": 400}]}


def test_both_forms_give_the_same_answers(shop: Open) -> None:
    paths = ["/products", "/products?page=50", "/products?page=51", "/products/1", "/products/500", "/report"]
    with shop("fragile") as fragile, shop("held") as held:
        for path in paths:
            one, other = fragile.get(path), held.get(path)
            assert (one.status_code, one.json()) == (other.status_code, other.json()), path
            assert one.status_code == 200
        assert len(fragile.get("/products").json()["items"]) == 10
        assert fragile.get("/products?page=51").json()["items"] == []


def test_both_forms_refuse_the_same(shop: Open) -> None:
    unknown_customer = ORDER | {"customer_id": 9_999}
    unknown_product = ORDER | {"lines": [{"product_id": 9_999}]}
    too_many = ORDER | {"lines": [{"product_id": 3, "quantity": 100}] * 20}
    with shop("fragile") as fragile, shop("held") as held:
        for client in (fragile, held):
            assert client.get("/products/501").status_code == 404
            assert client.get("/products?page=0").status_code == 422
            assert client.get("/orders/999999").status_code == 404
            assert client.post("/orders", json=unknown_customer).status_code == 404
            assert client.post("/orders", json=unknown_product).status_code == 404
            assert client.post("/orders", json=ORDER | {"lines": []}).status_code == 422
            assert client.post("/orders", json=too_many).status_code == 201


def test_what_is_sold_out_is_refused_and_nothing_is_charged(shop: Open, provider: Provider) -> None:
    with shop("fragile") as fragile, shop("held") as held:
        asyncio.run(_execute("UPDATE stock SET quantity = 1 WHERE product_id = 3"))
        for client in (fragile, held):
            assert client.post("/orders", json=ORDER).status_code == 409
            assert client.get("/products/3").json()["stock"] == 1
    assert provider.books() == {"requests": 0, "made": 0}


@pytest.mark.parametrize("form", FORMS)
def test_an_order_is_paid_and_its_stock_reserved(shop: Open, provider: Provider, form: str) -> None:
    with shop(form) as client:
        prices = [client.get(f"/products/{id_}").json()["price"] for id_ in (3, 400)]
        before = client.get("/products/3").json()["stock"]
        answer = client.post("/orders", json=ORDER)
        order = answer.json()
        assert answer.status_code == 201
        assert order == {
            "id": 2_001,
            "status": "paid",
            "total": 2 * prices[0] + prices[1],
            "payment_id": "ch_00000001",
        }
        assert client.get("/orders/2001").json() == order
        assert _stock() == before - 2
    assert provider.books() == {"requests": 1, "made": 1}


@pytest.mark.parametrize(("form", "sold"), [("fragile", 0), ("held", 2)])
def test_who_looks_at_a_product_that_was_just_ordered(shop: Open, form: str, sold: int) -> None:
    with shop(form) as client:
        before = client.get("/products/3").json()["stock"]
        client.post("/orders", json=ORDER)
        limit = time.monotonic() + 10
        while client.get("/products/3").json()["stock"] != before - sold and time.monotonic() < limit:
            time.sleep(0.01)
        assert client.get("/products/3").json()["stock"] == before - sold


def test_without_the_provider_fragile_gives_up_and_keeps_nothing(shop: Open, provider: Provider) -> None:
    with shop("fragile") as client:
        before = client.get("/products/3").json()["stock"]
        provider.stop()
        assert client.post("/orders", json=ORDER).status_code == 502
        assert client.get("/orders/2001").status_code == 404
        assert client.get("/products/3").json()["stock"] == before


def test_without_the_provider_held_accepts_the_order_as_pending(shop: Open, provider: Provider) -> None:
    with shop("held") as client:
        before = client.get("/products/3").json()["stock"]
        provider.stop()
        answer = client.post("/orders", json=ORDER)
        order = answer.json()
        assert answer.status_code == 202
        assert answer.headers["holdfast-outcome"] == "degraded"
        assert (order["status"], order["payment_id"]) == ("pending", None)
        assert client.get(f"/orders/{order['id']}").json() == order
        assert client.get("/products/3").json()["stock"] == before - 2


def test_pending_orders_are_charged_later_and_once(shop: Open, provider: Provider) -> None:
    with shop("held") as client:
        paid = client.post("/orders", json=ORDER).json()
        # As if the worker had died between the charge and its record.
        asyncio.run(_execute("UPDATE orders SET status = 'pending', payment_id = NULL WHERE id = 2001"))
        assert asyncio.run(_settle(provider.url)) == 1
        assert asyncio.run(_settle(provider.url)) == 0
        assert client.get("/orders/2001").json() == paid
    assert provider.books() == {"requests": 2, "made": 1}


def _stock() -> int:
    async def ask() -> int:
        engine = create_engine()
        async with engine.connect() as connection:
            found = await connection.scalar(select(Stock.quantity).where(Stock.product_id == 3))
        await engine.dispose()
        return found or 0

    return asyncio.run(ask())


async def _execute(statement: str) -> None:
    engine = create_engine()
    async with engine.begin() as connection:
        await connection.exec_driver_sql(statement)
    await engine.dispose()


async def _settle(url: str) -> int:
    engine = create_engine()
    async with httpx2.AsyncClient(base_url=url) as payments:
        settled = await settle(engine, payments)
    await engine.dispose()
    return settled
