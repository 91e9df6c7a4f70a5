"""Orders: accept, charge, answer; what cannot be charged now is charged later."""

from __future__ import annotations

from fastapi import APIRouter, Response, status

from examples.shop.held.payments import Payments, charge
from examples.shop.held.products import refresh
from examples.shop.held.service import Session, hold
from examples.shop.ordering import find, place
from examples.shop.schemas import OrderIn, OrderOut

__all__ = ["router"]

router = APIRouter(tags=["orders"])


@router.post("/orders", status_code=201)
async def create_order(wanted: OrderIn, session: Session, payments: Payments, response: Response) -> OrderOut:
    """Place an order and charge it; while the provider cannot be used, accept it as pending (202)."""
    # held: call-in-transaction
    order = await place(session, wanted)
    await session.commit()  # no lock and no connection is held while the provider thinks
    order.payment_id = await charge(payments, order)
    # end
    hold.background(refresh({line.product_id for line in wanted.lines}))
    if order.payment_id is None:
        response.status_code = status.HTTP_202_ACCEPTED
        response.headers["holdfast-outcome"] = "degraded"
    else:
        order.status = "paid"
    return OrderOut.model_validate(order)


@router.get("/orders/{order_id}")
async def get_order(order_id: int, session: Session) -> OrderOut:
    """Return an order as it stands."""
    return OrderOut.model_validate(await find(session, order_id))
