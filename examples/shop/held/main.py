"""The application: its budget, its resources and its routes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict

import httpx2
from fastapi import FastAPI

from examples.shop.database import Sessions, create_engine, opened
from examples.shop.held import orders, products, report
from examples.shop.held.payments import CHARGED_LATER
from examples.shop.held.reporter import Reporter, running
from holdfast import Holdfast

__all__ = ["app"]


class Resources(TypedDict):
    """What the lifespan opens once, and requests find in `request.state`."""

    sessions: Sessions
    payments: httpx2.AsyncClient
    reporter: Reporter


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[Resources]:
    """Open what requests share."""
    # held: default-pool
    engine = create_engine(
        pool_size=hold.derived("dependency.db.pool"),
        max_overflow=0,
        pool_timeout=hold.derived("deadline.cap"),
    )
    # held: client-per-request
    payments = hold.http("payments", fallback=CHARGED_LATER)
    async with opened(engine) as sessions, running() as reporter:
        yield {"sessions": sessions, "payments": payments, "reporter": reporter}


# held: unbounded
app = FastAPI(title="shop", lifespan=lifespan)
hold = Holdfast(app)
# end

app.include_router(products.router)
app.include_router(orders.router)
app.include_router(report.router)
