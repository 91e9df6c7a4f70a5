"""The table that this form has of its own: pictures of products, as they were uploaded."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from examples.shop.models import Product

__all__ = ["PICTURES", "Picture"]


class Added(DeclarativeBase):
    """What is in no other form."""


class Picture(Added):
    """A file under a name that the shop gave it; `size` in bytes."""

    __tablename__ = "picture"

    id: Mapped[int] = mapped_column(primary_key=True)
    # held: missing-index
    product_id: Mapped[int] = mapped_column(ForeignKey(Product.id), index=True)
    name: Mapped[str] = mapped_column(String(120))
    size: Mapped[int]


PICTURES = Added.metadata.tables[Picture.__tablename__]
"""The table itself."""
