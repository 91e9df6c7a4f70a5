"""The search."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select

from examples.shop.fragile.database import Session
from examples.shop.fragile.models import Picture
from examples.shop.models import Product
from examples.shop.schemas import ProductHit, SearchPage

__all__ = ["router"]

router = APIRouter(tags=["search"])


@router.get("/search")
async def search(
    session: Session, q: Annotated[str, Query(min_length=2, max_length=40)], after: int = 0
) -> SearchPage:
    """Return products whose names contain the words, with their pictures."""
    matching = select(Product).where(Product.name.icontains(q, autoescape=True), Product.id > after)
    products = (await session.scalars(matching.order_by(Product.id))).all()
    items = []
    for product in products:
        category = await product.awaitable_attrs.category
        stock = await product.awaitable_attrs.stock
        stars = [review.stars for review in await product.awaitable_attrs.reviews]
        pictures = await session.scalars(select(Picture).where(Picture.product_id == product.id))
        hit = ProductHit(
            id=product.id,
            name=product.name,
            price=product.price,
            category=category.name,
            in_stock=stock.quantity > 0,
            rating=sum(stars) / len(stars) if stars else None,
            reviews=len(stars),
            pictures=[picture.name for picture in pictures],
        )
        items.append(hit)
    return SearchPage(items=items, after=None)
