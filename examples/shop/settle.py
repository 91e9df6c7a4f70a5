"""Charge the orders that were accepted while the payment provider could not be used.

    python -m examples.shop.settle

Run it by a timer. Each order has its own idempotency key, the same as when it was placed: an order whose
charge was made and not recorded, because the worker died in between, is not charged again.
"""

from __future__ import annotations

import asyncio
import os
import sys

import httpx2
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from examples.shop.database import create_engine
from examples.shop.models import Order
from examples.shop.ordering import charge_for

__all__ = ["settle"]


async def settle(engine: AsyncEngine, payments: httpx2.AsyncClient) -> int:
    """Charge all pending orders, the oldest first, and return how many are paid now.

    Each is its own transaction, and none is open during a call. Raises httpx2.HTTPError when the provider
    fails; what has been paid until then stays paid.
    """
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    async with sessions() as session:
        pending = (
            await session.scalars(select(Order).where(Order.status == "pending").order_by(Order.id))
        ).all()
    for order in pending:
        key = {"Idempotency-Key": f"order-{order.id}"}
        response = await payments.post("/charges", json=charge_for(order), headers=key)
        response.raise_for_status()
        async with sessions.begin() as session:
            session.add(order)
            order.status, order.payment_id = "paid", str(response.json()["id"])
    return len(pending)


async def main() -> None:
    """Settle once, with the database and the provider of the environment."""
    url = os.environ.get("PAYMENTS_URL", "http://127.0.0.1:8090")
    engine = create_engine()
    try:
        async with httpx2.AsyncClient(base_url=url, timeout=5.0) as payments:
            print(f"{await settle(engine, payments)} orders paid")
    except httpx2.HTTPError as error:
        sys.exit(f"the payment provider at {url} cannot be used: {error}")
    finally:
        await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main())
