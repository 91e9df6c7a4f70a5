"""Orders: what a customer wants becomes rows, or a clear no, and then a charge."""

from __future__ import annotations

from collections import Counter

from fastapi import HTTPException, status
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from examples.shop.models import Customer, Order, OrderLine, Product, Stock
from examples.shop.schemas import OrderIn

__all__ = ["charge_for", "find", "place"]


async def place(session: AsyncSession, wanted: OrderIn) -> Order:
    """Reserve the stock and add the order as "pending", in the session's transaction.

    Raises HTTPException: 404 for an unknown customer or product, 409 when the stock does not suffice.
    """
    quantities = Counter[int]()
    for line in wanted.lines:
        quantities[line.product_id] += line.quantity
    if await session.scalar(select(Customer.id).where(Customer.id == wanted.customer_id)) is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"no customer {wanted.customer_id}")
    known = await session.execute(select(Product.id, Product.price).where(Product.id.in_(quantities)))
    prices = dict(known.all())
    if unknown := quantities.keys() - prices.keys():
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"no product {min(unknown)}")

    for product_id, quantity in sorted(quantities.items()):  # one order of locks, or two orders deadlock
        reserved = await session.scalar(  # holdfast: allow HF501 each row is a lock, taken in one order
            update(Stock)
            .where(Stock.product_id == product_id, Stock.quantity >= quantity)
            .values(quantity=Stock.quantity - quantity)
            .returning(Stock.product_id)
        )
        if reserved is None:
            raise HTTPException(status.HTTP_409_CONFLICT, f"not enough left of product {product_id}")

    order = Order(
        customer_id=wanted.customer_id,
        status="pending",
        total=sum(prices[id_] * quantity for id_, quantity in quantities.items()),
        lines=[
            OrderLine(product_id=id_, quantity=quantity, price=prices[id_])
            for id_, quantity in quantities.items()
        ],
    )
    session.add(order)
    await session.flush()
    return order


def charge_for(order: Order) -> dict[str, str | int]:
    """Return what the payment provider is sent for an order; the amount in cents."""
    return {"reference": f"order-{order.id}", "amount": order.total}


async def find(session: AsyncSession, order_id: int) -> Order:
    """Return an order; raise HTTPException 404 when there is none."""
    order = await session.get(Order, order_id)
    if order is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"no order {order_id}")
    return order
