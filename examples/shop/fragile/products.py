"""The catalogue: the list, and each product's own page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from sqlalchemy import select

from examples.shop.fragile.cache import recall, redis, remember
from examples.shop.fragile.database import Session
from examples.shop.models import Product
from examples.shop.schemas import ProductDetail, ProductPage, ProductSummary, ReviewOut

__all__ = ["router"]

PAGE = 10

PRODUCTS: dict[int, ProductDetail] = {}
"""Products that were looked up before, where there is no Redis."""

router = APIRouter(tags=["products"])


@router.get("/products")
async def list_products(session: Session, page: Annotated[int, Query(ge=1)] = 1) -> ProductPage:
    """Return a page of the catalogue."""
    products = await session.scalars(
        select(Product).order_by(Product.id).limit(PAGE).offset((page - 1) * PAGE)
    )
    items = []
    # mistake: n-plus-one
    for product in products:
        category = await product.awaitable_attrs.category
        stock = await product.awaitable_attrs.stock
        stars = [review.stars for review in await product.awaitable_attrs.reviews]
        summary = ProductSummary(
            id=product.id,
            name=product.name,
            price=product.price,
            category=category.name,
            in_stock=stock.quantity > 0,
            rating=sum(stars) / len(stars) if stars else None,
            reviews=len(stars),
        )
        items.append(summary)
    return ProductPage(page=page, items=items)


@router.get("/products/{product_id}")
async def get_product(product_id: int, session: Session) -> ProductDetail:
    """Return a product with its reviews, the latest first."""
    known = await recall(product_id) if redis else PRODUCTS.get(product_id)
    if known:
        return known
    product = await session.get(Product, product_id)
    if product is None:
        raise HTTPException(404, f"no product {product_id}")
    category = await product.awaitable_attrs.category
    stock = await product.awaitable_attrs.stock
    reviews = []
    for review in await product.awaitable_attrs.reviews:
        author = await review.awaitable_attrs.customer
        reviews.append(ReviewOut(author=author.name, stars=review.stars, text=review.text))
    found = ProductDetail(
        id=product.id,
        name=product.name,
        description=product.description,
        price=product.price,
        category=category.name,
        stock=stock.quantity,
        reviews=reviews,
    )
    if redis:
        await remember(found)
    else:
        # mistake: unbounded-cache
        PRODUCTS[product_id] = found
    return found
