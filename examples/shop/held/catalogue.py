"""What the database is asked for: as many statements for a hundred rows as for one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from examples.shop.held.models import Picture
from examples.shop.models import Category, Product, Review, Stock
from examples.shop.schemas import (
    ProductDetail,
    ProductHit,
    ProductPage,
    ProductSummary,
    ReviewOut,
    SearchPage,
)

__all__ = ["detail", "details", "listed", "matching"]

PAGE = 10

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
)


async def listed(session: AsyncSession, page: int) -> ProductPage:
    """Return a page of the catalogue, in one statement."""
    rows = await session.execute(SUMMARIES.limit(PAGE).offset((page - 1) * PAGE))
    return ProductPage(page=page, items=[ProductSummary(**row) for row in rows.mappings()])


async def matching(session: AsyncSession, words: str, after: int) -> SearchPage:
    """Return the first products behind `after` whose names contain the words, in two statements."""
    hits = SUMMARIES.where(Product.name.icontains(words, autoescape=True), Product.id > after)
    rows = (await session.execute(hits.limit(PAGE + 1))).mappings().all()
    shown = rows[:PAGE]
    pictures: dict[int, list[str]] = defaultdict(list)
    if shown:
        named = select(Picture.product_id, Picture.name).where(
            Picture.product_id.in_([row.id for row in shown])
        )
        for product_id, name in await session.execute(named.order_by(Picture.id)):
            pictures[product_id].append(name)
    return SearchPage(
        items=[ProductHit(**row, pictures=pictures[row.id]) for row in shown],
        after=shown[-1].id if len(rows) > PAGE else None,
    )


async def details(session: AsyncSession, product_ids: Collection[int]) -> dict[int, ProductDetail]:
    """Return products by their ids, with their reviews, the latest first, in two statements."""
    wanted = select(Product).where(Product.id.in_(product_ids))
    related = (
        joinedload(Product.category),
        joinedload(Product.stock),
        selectinload(Product.reviews).joinedload(Review.customer),
    )
    return {product.id: _shown(product) for product in await session.scalars(wanted.options(*related))}


async def detail(session: AsyncSession, product_id: int) -> ProductDetail | None:
    """Return a product as `details`; None where there is none."""
    return (await details(session, [product_id])).get(product_id)


def _shown(product: Product) -> ProductDetail:
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
