"""The catalogue: the list, and each product's own page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from examples.shop.held.database import Session
from examples.shop.models import Category, Product, Review, Stock
from examples.shop.schemas import ProductDetail, ProductPage, ProductSummary, ReviewOut

__all__ = ["router"]

PAGE = 10

router = APIRouter(tags=["products"])

reviewed = Review.product_id == Product.id

# held: n-plus-one
SUMMARIES = (
    select(
        Product.id,
        Product.name,
        Product.price,
        Category.name.label("category"),
        (Stock.quantity > 0).label("in_stock"),
        select(func.avg(Review.stars)).where(reviewed).scalar_subquery().label("rating"),
        select(func.count()).where(reviewed).scalar_subquery().label("reviews"),
    )
    .join(Product.category)
    .join(Product.stock)
    .order_by(Product.id)
    .limit(PAGE)
)


@router.get("/products")
async def list_products(session: Session, page: Annotated[int, Query(ge=1)] = 1) -> ProductPage:
    """Return a page of the catalogue."""
    rows = await session.execute(SUMMARIES.offset((page - 1) * PAGE))
    return ProductPage(page=page, items=[ProductSummary(**row) for row in rows.mappings()])


@router.get("/products/{product_id}")
async def get_product(product_id: int, session: Session) -> ProductDetail:
    """Return a product with its reviews, the latest first."""
    product = await session.get(
        Product,
        product_id,
        options=[
            joinedload(Product.category),
            joinedload(Product.stock),
            selectinload(Product.reviews).joinedload(Review.customer),
        ],
    )
    if product is None:
        raise HTTPException(404, f"no product {product_id}")
    return ProductDetail(
        id=product.id,
        name=product.name,
        description=product.description,
        price=product.price,
        category=product.category.name,
        stock=product.stock.quantity,
        reviews=[
            ReviewOut(author=review.customer.name, stars=review.stars, text=review.text)
            for review in product.reviews
        ],
    )
