"""Charging an order at the payment provider, with the HTTP client that everyone knows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Annotated

import requests
from fastapi import Depends, HTTPException

from examples.shop.models import Order
from examples.shop.ordering import charge_for

__all__ = ["Payments", "PaymentsClient", "charge"]

ATTEMPTS = 4


class PaymentsClient:
    """The provider's API, as far as the shop needs it."""

    def __init__(self, session: requests.Session) -> None:
        self.session = session
        self.url = os.environ.get("PAYMENTS_URL", "http://127.0.0.1:8090")

    def charge(self, order: Order) -> str:
        """Charge an order and return the id of the charge."""
        # mistake: no-timeout
        response = self.session.post(f"{self.url}/charges", json=charge_for(order))
        response.raise_for_status()
        return str(response.json()["id"])


# mistake: client-per-request
def get_payments() -> Iterator[PaymentsClient]:
    """Yield a client for this request."""
    with requests.Session() as session:
        yield PaymentsClient(session)


Payments = Annotated[PaymentsClient, Depends(get_payments)]
# end


async def charge(payments: PaymentsClient, order: Order) -> str:
    """Charge an order; the provider has its moments, so try more than once."""
    # mistake: naive-retry
    for _ in range(ATTEMPTS):
        try:
            # mistake: blocking-call
            return payments.charge(order)
        except requests.RequestException:
            continue
    raise HTTPException(502, "the payment provider does not answer")
    # end
