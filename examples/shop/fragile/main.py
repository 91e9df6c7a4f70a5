"""The application: its resources and its routes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict

from fastapi import FastAPI

from examples.shop.database import Sessions, create_engine, opened, prepared
from examples.shop.fragile import orders, pictures, products, report, search
from examples.shop.fragile.models import PICTURES

__all__ = ["app"]


class Resources(TypedDict):
    """What the lifespan opens once, and requests find in `request.state`."""

    sessions: Sessions


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[Resources]:
    """Open what requests share."""
    await prepared(PICTURES)
    # mistake: default-pool
    engine = create_engine()
    async with opened(engine) as sessions:
        yield {"sessions": sessions}


# mistake: unbounded
app = FastAPI(title="shop", lifespan=lifespan)

app.include_router(products.router)
app.include_router(search.router)
app.include_router(pictures.router)
app.include_router(orders.router)
app.include_router(report.router)
