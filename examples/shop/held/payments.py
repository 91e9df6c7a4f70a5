"""Charging an order at the payment provider: how long and how often to try is the budget's to say."""

from __future__ import annotations

from typing import Annotated

import httpx2
from fastapi import Depends, Request

from examples.shop.models import Order
from examples.shop.ordering import charge_for

__all__ = ["Payments", "charge"]


async def get_payments(request: Request) -> httpx2.AsyncClient:
    """Return the worker's one client."""
    payments: httpx2.AsyncClient = request.state.payments
    return payments


Payments = Annotated[httpx2.AsyncClient, Depends(get_payments)]


async def charge(payments: httpx2.AsyncClient, order: Order) -> str | None:
    """Charge an order and return the id of the charge; None where that has to wait.

    Raises httpx2.HTTPStatusError when the provider refuses the charge itself.
    """
    # held: blocking-call
    response = await payments.post(
        "/charges",
        json=charge_for(order),
        headers={"Idempotency-Key": f"order-{order.id}"},  # a retry must not charge twice
    )
    # end
    payment_id: str | None = response.raise_for_status().json()["id"]
    return payment_id
