"""The sales report's route."""

from __future__ import annotations

from concurrent.futures.process import BrokenProcessPool
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request

from examples.shop.held.reporter import Reporter
from examples.shop.schemas import SalesReport

__all__ = ["router"]

router = APIRouter(tags=["report"])


async def get_reporter(request: Request) -> Reporter:
    """Return the worker's one reporter."""
    reporter: Reporter = request.state.reporter
    return reporter


@router.get("/report")
async def get_report(reporter: Annotated[Reporter, Depends(get_reporter)]) -> SalesReport:
    """Return what sells, and how sure we are of it."""
    # held: cpu-on-loop
    try:
        return await reporter.report()
    except BrokenProcessPool:
        raise HTTPException(503, "the report was lost, ask again", {"Retry-After": "1"}) from None
    # end
