"""The same service as tutorials write it: httpx2 with tenacity, a plain engine, a plain Redis client.

Its queries are those of the held form and its report has a process as well: what differs is what becomes of
it when something that it needs fails. Every client has its own defaults.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from typing import Annotated

import httpx2
from fastapi import Depends, FastAPI, HTTPException, Query
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from tenacity import retry, stop_after_attempt, wait_exponential

from examples.shop.database import database_url, prepared
from examples.shop.held.catalogue import detail, listed, matching
from examples.shop.held.models import PICTURES
from examples.shop.models import Order
from examples.shop.ordering import charge_for, place
from examples.shop.sales import latest_lines, plain, ready, statistics
from examples.shop.schemas import OrderIn, OrderOut, ProductDetail, ProductPage, SalesReport, SearchPage

__all__ = ["app"]

LIFETIME = 30
"""Seconds that a product's page is kept, as in the held form."""

engine = create_async_engine(database_url())
sessions = async_sessionmaker(engine, expire_on_commit=False)
redis = Redis.from_url(os.environ["REDIS_URL"])
payments = httpx2.AsyncClient(base_url=os.environ["PAYMENTS_URL"])
processes = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Prepare the data and close what was opened."""
    await prepared(PICTURES)
    await asyncio.get_running_loop().run_in_executor(processes, ready)
    yield
    await payments.aclose()
    await redis.aclose()
    await engine.dispose()
    processes.shutdown(wait=False, cancel_futures=True)


app = FastAPI(title="shop", lifespan=lifespan)


async def get_session() -> AsyncIterator[AsyncSession]:
    """Yield a session."""
    async with sessions() as session:
        yield session
        await session.commit()


Session = Annotated[AsyncSession, Depends(get_session)]


@app.get("/products")
async def list_products(session: Session, page: Annotated[int, Query(ge=1)] = 1) -> ProductPage:
    """Return a page of the catalogue."""
    return await listed(session, page)


@app.get("/products/{product_id}")
async def get_product(product_id: int, session: Session) -> ProductDetail:
    """Return a product, from the cache if it is there."""
    key = f"product:{product_id}"
    if stored := await redis.get(key):
        return ProductDetail.model_validate_json(stored)
    product = await detail(session, product_id)
    if product is None:
        raise HTTPException(404, f"no product {product_id}")
    await redis.set(key, product.model_dump_json(), ex=LIFETIME)
    return product


@app.get("/search")
async def search(
    session: Session, q: Annotated[str, Query(min_length=2, max_length=40)], after: int = 0
) -> SearchPage:
    """Return products whose names contain the words."""
    return await matching(session, q, after)


@retry(stop=stop_after_attempt(3), wait=wait_exponential(multiplier=1, max=10), reraise=True)
async def charge(order: Order) -> str:
    """Charge an order and return the id of the charge."""
    key = {"Idempotency-Key": f"order-{order.id}"}
    answer = await payments.post("/charges", json=charge_for(order), headers=key)
    return str(answer.raise_for_status().json()["id"])


@app.post("/orders", status_code=201)
async def create_order(wanted: OrderIn, session: Session) -> OrderOut:
    """Place an order and charge it."""
    order = await place(session, wanted)
    try:
        order.payment_id = await charge(order)
    except httpx2.HTTPError:
        raise HTTPException(503, "the payment provider does not answer") from None
    order.status = "paid"
    for line in wanted.lines:
        await redis.delete(f"product:{line.product_id}")
    return OrderOut.model_validate(order)


@app.get("/report")
async def get_report(session: Session) -> SalesReport:
    """Return what sells."""
    lines = plain(await session.execute(latest_lines()))
    return await asyncio.get_running_loop().run_in_executor(processes, statistics, lines)
