"""The service itself, and what its routes are held by."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, TypedDict

import httpx2
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from examples.shop.database import database_url, prepared, tuned
from examples.shop.held.models import PICTURES
from examples.shop.sales import ready
from holdfast import Holdfast

__all__ = ["Session", "app", "db", "hold"]


CHARGED_LATER = httpx2.Response(202, json={"id": None, "status": "pending"})
"""What stands in for the payment provider's answer while it cannot be used."""


class Resources(TypedDict):
    """What the lifespan opens once, and requests find in `request.state`."""

    payments: httpx2.AsyncClient


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[Resources]:
    """Open what requests share."""
    await prepared(PICTURES)
    tuned(db.engine)
    await hold.to_process(ready)
    # held: client-per-request
    payments = hold.http("payments", fallback=CHARGED_LATER)
    # end
    yield {"payments": payments}


# held: unbounded
app = FastAPI(title="shop", lifespan=lifespan)
hold = Holdfast(app)
# end

address = database_url().render_as_string(hide_password=False)
# held: default-pool
db = hold.sql("db", environ={"DATABASE_URL": address})

# held: commit-after-response
Session = Annotated[AsyncSession, db.depends]
