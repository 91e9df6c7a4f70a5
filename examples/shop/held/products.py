"""The catalogue: the list, and each product's own page."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from examples.shop.held.catalogue import detail, details, listed
from examples.shop.held.service import Session, db, hold
from examples.shop.schemas import ProductDetail, ProductPage
from holdfast.errors import DependencyUnavailable

__all__ = ["refresh", "router"]

router = APIRouter(tags=["products"])


@router.get("/products")
async def list_products(session: Session, page: Annotated[int, Query(ge=1)] = 1) -> ProductPage:
    """Return a page of the catalogue."""
    return await listed(session, page)


@router.get("/products/{product_id}")
async def get_product(product_id: int) -> ProductDetail:
    """Return a product with its reviews, the latest first."""
    return await found(product_id)


# held: unbounded-cache
@hold.cached("product")
async def found(product_id: int) -> ProductDetail:
    """Look a product up: for one of many who ask, and anew in the background while the old page is served."""
    async with db.begin() as session:
        product = await detail(session, product_id)
    if product is None:
        raise HTTPException(404, f"no product {product_id}")
    return product


async def refresh(product_ids: Collection[int]) -> None:
    """Store the pages of products anew: deleted ones would be missing while the database does not answer."""
    with suppress(DependencyUnavailable):  # else they are renewed when they expire
        async with db.begin() as session:
            pages = await details(session, product_ids)
        for product_id, page in pages.items():
            await found.cache.put(page, product_id=product_id)
