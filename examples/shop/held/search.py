"""The search."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from examples.shop.held.catalogue import matching
from examples.shop.held.service import Session
from examples.shop.schemas import SearchPage

__all__ = ["router"]

router = APIRouter(tags=["search"])


@router.get("/search")
async def search(
    session: Session, q: Annotated[str, Query(min_length=2, max_length=40)], after: int = 0
) -> SearchPage:
    """Return products whose names contain the words, with their pictures."""
    return await matching(session, q, after)
