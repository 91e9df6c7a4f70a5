"""The tables: a catalogue, its reviews and stock, and the orders."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, ForeignKey, String, func
from sqlalchemy.ext.asyncio import AsyncAttrs
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

__all__ = ["Base", "Category", "Customer", "Order", "OrderLine", "Product", "Review", "Stock"]


class Base(AsyncAttrs, DeclarativeBase):
    """Every table; a relationship that is not loaded can be awaited as `row.awaitable_attrs.name`."""


class Category(Base):
    """A shelf of the catalogue."""

    __tablename__ = "category"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)


class Customer(Base):
    """Someone who orders and reviews."""

    __tablename__ = "customer"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))


class Product(Base):
    """Something to buy; prices are in cents."""

    __tablename__ = "product"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(String(400))
    price: Mapped[int]
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"), index=True)

    category: Mapped[Category] = relationship()
    stock: Mapped[Stock] = relationship()
    reviews: Mapped[list[Review]] = relationship(order_by="Review.id.desc()")


class Stock(Base):
    """How many of a product can still be sold."""

    __tablename__ = "stock"

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True)
    quantity: Mapped[int]


class Review(Base):
    """What a customer thinks of a product, one to five stars."""

    __tablename__ = "review"

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    stars: Mapped[int]
    text: Mapped[str] = mapped_column(String(400))

    customer: Mapped[Customer] = relationship()


class Order(Base):
    """What a customer bought; `status` is "pending" until the provider has answered, then "paid"."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    status: Mapped[str] = mapped_column(String(16), default="pending")
    total: Mapped[int]
    payment_id: Mapped[str | None] = mapped_column(String(64))
    created: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    lines: Mapped[list[OrderLine]] = relationship()


class OrderLine(Base):
    """One product of an order, at the price of that day."""

    __tablename__ = "order_line"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True, index=True)
    quantity: Mapped[int]
    price: Mapped[int]
