"""The sales report."""

from __future__ import annotations

from fastapi import APIRouter

from examples.shop.fragile.database import Session
from examples.shop.sales import latest_lines, plain, statistics
from examples.shop.schemas import SalesReport

__all__ = ["router"]

router = APIRouter(tags=["report"])


@router.get("/report")
async def get_report(session: Session) -> SalesReport:
    """Return what sells, and how sure we are of it."""
    # mistake: cpu-on-loop
    rows = await session.execute(latest_lines())
    return statistics(plain(rows))
    # end
