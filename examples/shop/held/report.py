"""The sales report."""

from __future__ import annotations

from fastapi import APIRouter

from examples.shop.held.service import db, hold
from examples.shop.sales import latest_lines, plain, statistics
from examples.shop.schemas import SalesReport

__all__ = ["router"]

router = APIRouter(tags=["report"])


@router.get("/report")
async def get_report() -> SalesReport:
    """Return what sells, and how sure we are of it."""
    return await computed()


# held: cpu-on-loop
@hold.cached("report")
async def computed() -> SalesReport:
    """Compute the report in a process: once for all who ask, and for some seconds after that."""
    async with db.begin() as session:
        lines = plain(await session.execute(latest_lines()))
    return await hold.to_process(statistics, lines)
