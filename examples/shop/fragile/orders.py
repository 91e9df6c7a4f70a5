"""Orders: reserve the stock, charge the customer, answer."""

from __future__ import annotations

from fastapi import APIRouter

from examples.shop.fragile.database import Session
from examples.shop.fragile.payments import Payments, charge
from examples.shop.ordering import find, place
from examples.shop.schemas import OrderIn, OrderOut

__all__ = ["router"]

router = APIRouter(tags=["orders"])


@router.post("/orders", status_code=201)
async def create_order(wanted: OrderIn, session: Session, payments: Payments) -> OrderOut:
    """Place an order and charge it; all of it, or none."""
    # mistake: call-in-transaction
    order = await place(session, wanted)
    order.payment_id = await charge(payments, order)
    order.status = "paid"
    # end
    return OrderOut.model_validate(order)


@router.get("/orders/{order_id}")
async def get_order(order_id: int, session: Session) -> OrderOut:
    """Return an order as it stands."""
    return OrderOut.model_validate(await find(session, order_id))
