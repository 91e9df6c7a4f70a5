"""The shop's data, the same on every machine: made at start-up when the catalogue is empty."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from examples.shop.models import Base, Category, Customer, Order, OrderLine, Product, Review, Stock

__all__ = ["CUSTOMERS", "ORDERS", "PRODUCTS", "seed"]

PRODUCTS = 500
CUSTOMERS = 200
ORDERS = 2_000
STOCK = 1_000_000
"""Of each product: enough that no load test sells out."""

CATEGORIES = (
    "Anchors", "Blocks", "Charts", "Cleats", "Compasses", "Fenders",
    "Lamps", "Lines", "Paint", "Sails", "Shackles", "Winches",
)  # fmt: skip
SIZES = ("Light", "Small", "Standard", "Large", "Heavy", "Storm", "Harbour", "Offshore")
MATERIALS = ("bronze", "brass", "steel", "oak", "hemp", "canvas", "copper", "ash")
GIVEN = ("Ada", "Bo", "Cleo", "Dag", "Eva", "Finn", "Gro", "Hal", "Ida", "Jon")
FAMILY = ("Berg", "Dahl", "Eide", "Foss", "Holm", "Lund", "Moe", "Nes", "Strand", "Vik")
OPINIONS = (
    "Does what it should.",
    "Held through a gale.",
    "Heavier than I had thought.",
    "The second one that I buy.",
    "Arrived late, but it is good.",
    "Not for salt water.",
)

ADVISORY_LOCK = 5_309_127
"""Any number that nothing else in the database uses."""

Row = dict[str, Any]


async def seed(engine: AsyncEngine, pictures: Table) -> None:
    """Create the tables and fill them, unless that has been done.

    `pictures`: the table that each form has of its own. Workers that start at once take turns: the first one
    seeds, the others wait and find it done.
    """
    async with engine.connect() as connection:
        await _take_turn(connection)
        await connection.run_sync(Base.metadata.create_all)
        await connection.run_sync(pictures.create, checkfirst=True)
        if await connection.scalar(select(Product.id).limit(1)) is None:
            await _fill(connection, pictures)
        await connection.commit()


async def _take_turn(connection: AsyncConnection) -> None:
    """Take a lock that the end of the transaction gives back."""
    if connection.dialect.name == "sqlite":
        await connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        await connection.execute(select(func.pg_advisory_xact_lock(ADVISORY_LOCK)))


async def _fill(connection: AsyncConnection, pictures: Table) -> None:
    rng = random.Random(2026)
    catalogue = list(_products(rng))
    prices = {product["id"]: product["price"] for product in catalogue}
    orders, lines = _orders(rng, prices)
    for table, rows in (
        (Category, [{"id": i, "name": name} for i, name in enumerate(CATEGORIES, 1)]),
        (Customer, [{"id": i, "name": _name(i)} for i in range(1, CUSTOMERS + 1)]),
        (Product, catalogue),
        (Stock, [{"product_id": id_, "quantity": STOCK} for id_ in prices]),
        (Review, list(_reviews(rng))),
        (Order, orders),
        (OrderLine, lines),
        (pictures, list(_pictures(rng))),
    ):
        await connection.execute(insert(table), rows)
    if connection.dialect.name == "postgresql":  # its sequences do not see ids that come with the row
        for sequence, column in (("orders_id_seq", Order.id), ("picture_id_seq", pictures.c.id)):
            last = select(func.max(column)).scalar_subquery()
            await connection.execute(select(func.setval(sequence, last)))


def _name(customer_id: int) -> str:
    family, given = divmod(customer_id, len(GIVEN))
    return f"{GIVEN[given]} {FAMILY[family % len(FAMILY)]}"


def _products(rng: random.Random) -> Iterator[Row]:
    for id_ in range(1, PRODUCTS + 1):
        category = rng.randrange(len(CATEGORIES))
        material = rng.choice(MATERIALS)
        name = f"{rng.choice(SIZES)} {material} {CATEGORIES[category].lower()} No. {id_}"
        yield {
            "id": id_,
            "name": name,
            "description": f"{name}, of {material}, for boats from {rng.randint(4, 20)} metres.",
            "price": rng.randint(500, 50_000),
            "category_id": category + 1,
        }


def _reviews(rng: random.Random) -> Iterator[Row]:
    id_ = 0
    for product_id in range(1, PRODUCTS + 1):
        for _ in range(rng.randint(0, 8)):
            id_ += 1
            yield {
                "id": id_,
                "product_id": product_id,
                "customer_id": rng.randint(1, CUSTOMERS),
                "stars": rng.choices((1, 2, 3, 4, 5), weights=(1, 2, 4, 8, 10))[0],
                "text": rng.choice(OPINIONS),
            }


def _pictures(rng: random.Random) -> Iterator[Row]:
    id_ = 0
    for product_id in range(1, PRODUCTS + 1):
        for view in ("front", "side", "aboard")[: rng.randint(1, 3)]:
            id_ += 1
            yield {"id": id_, "product_id": product_id, "name": f"{product_id}-{view}.webp", "size": 40_000}


def _orders(rng: random.Random, prices: dict[int, int]) -> tuple[list[Row], list[Row]]:
    """Return orders with one to five lines; few products sell much, as in life."""
    orders: list[Row] = []
    lines: list[Row] = []
    opened = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
    for order_id in range(1, ORDERS + 1):
        wanted = {min(PRODUCTS, int(rng.paretovariate(0.6))) for _ in range(rng.randint(1, 5))}
        bought = [
            {"order_id": order_id, "product_id": id_, "quantity": rng.randint(1, 3), "price": prices[id_]}
            for id_ in sorted(wanted)
        ]
        lines += bought
        orders.append(
            {
                "id": order_id,
                "customer_id": rng.randint(1, CUSTOMERS),
                "status": "paid",
                "total": sum(line["quantity"] * line["price"] for line in bought),
                "payment_id": f"ch_seed_{order_id}",
                "created": opened + timedelta(minutes=37 * order_id),
            }
        )
    return orders, lines
