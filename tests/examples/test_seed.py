"""The data: the same everywhere, made once, also when workers start at once."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import func, select

from examples.shop import seed
from examples.shop.database import create_engine, prepared
from examples.shop.fragile.models import PICTURES
from examples.shop.models import Base, Order, OrderLine, Review
from tests.examples.conftest import ROOT

SEED = """
import asyncio
from examples.shop.database import prepared
from examples.shop.fragile.models import PICTURES

asyncio.run(prepared(PICTURES))
"""


async def totals() -> dict[str, int]:
    """Rows of each table, and a sum that changes with what they say."""
    engine = create_engine()
    async with engine.connect() as connection:
        found = {
            table.name: await connection.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }
        found["money"] = await connection.scalar(select(func.sum(OrderLine.price * OrderLine.quantity))) or 0
        found["stars"] = await connection.scalar(select(func.sum(Review.stars * Review.product_id))) or 0
    await engine.dispose()
    return found


async def seed_once() -> None:
    await prepared(PICTURES)


def test_it_is_made_once(database_url: str) -> None:
    asyncio.run(seed_once())
    first = asyncio.run(totals())
    asyncio.run(seed_once())
    assert asyncio.run(totals()) == first
    assert (first["product"], first["orders"]) == (seed.PRODUCTS, seed.ORDERS)
    assert first["order_line"] > 4_000


def test_it_is_the_same_everywhere(database_url: str) -> None:
    asyncio.run(seed_once())
    found = asyncio.run(totals())
    assert (found["money"], found["stars"]) == (247_757_134, 1_951_954)


def test_an_order_total_is_the_sum_of_its_lines(database_url: str) -> None:
    async def differing() -> int:
        engine = create_engine()
        lines = func.sum(OrderLine.price * OrderLine.quantity)
        query = select(Order.id).join(Order.lines).group_by(Order.id).having(lines != Order.total)
        async with engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        await engine.dispose()
        return len(rows)

    asyncio.run(seed_once())
    assert asyncio.run(differing()) == 0


def test_workers_that_start_at_once_seed_once(database_url: str, tmp_path: Path) -> None:
    environment = os.environ | {"DATABASE_URL": database_url}
    command = [sys.executable, "-c", SEED]
    workers = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    endings = [(worker.communicate(timeout=60)[1], worker.returncode) for worker in workers]
    assert endings == [("", 0)] * 4
    assert asyncio.run(totals())["product"] == seed.PRODUCTS
