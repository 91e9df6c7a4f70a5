"""MongoDB under a dependency's policies: the driver is PyMongo's, what surrounds its calls is holdfast's."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from pymongo import AsyncMongoClient
from pymongo.errors import AutoReconnect, ConnectionFailure, ExecutionTimeout, PyMongoError

from holdfast import Holdfast, remaining

# The driver's own retries are off: only one layer retries, and it is the one that has a budget for it.
client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
    os.environ["MONGODB_URL"],
    connect=False,
    connectTimeoutMS=200,
    serverSelectionTimeoutMS=400,
    maxPoolSize=20,
    retryReads=False,
    retryWrites=False,
)
products = client["shop"]["products"]


@asynccontextmanager
async def closing(app: FastAPI) -> AsyncIterator[None]:
    """Close the client's connections with the app."""
    yield
    await client.close()


app = FastAPI(lifespan=closing)
hold = Holdfast(app)

UNAVAILABLE = (AutoReconnect, ConnectionFailure, ExecutionTimeout)

reading = hold.dependency("mongo", idempotent=True, failures=UNAVAILABLE, fallback=list[int]())
writing = hold.dependency("mongo", failures=UNAVAILABLE)


def limit() -> int:
    """Return the milliseconds that the server may take: what the request and this attempt have left."""
    left = remaining()
    return 400 if left is None else max(1, int(left * 1000))


@reading
async def related(product: int) -> list[int]:
    """Return the products that are bought with `product`; none while MongoDB cannot be used."""
    found = await products.find_one({"_id": product}, {"related": 1}, max_time_ms=limit())
    return list(found["related"]) if found else []


@app.get("/products/{product}/related")
async def show(product: int) -> list[int]:
    """Answer with what is bought with a product."""
    return await related(product)


@app.put("/products/{product}/related/{other}")
async def relate(product: int, other: int) -> dict[str, bool]:
    """Note that two products are bought together; 503 while MongoDB cannot be used."""
    try:
        async with writing:
            await products.update_one({"_id": product}, {"$addToSet": {"related": other}}, upsert=True)
    except PyMongoError as error:  # of the statement's own, such as a document that is too large
        return {"done": False, "again": isinstance(error, AutoReconnect)}
    return {"done": True, "again": False}
