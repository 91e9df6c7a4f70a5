"""The application: the service with its routes."""

from __future__ import annotations

from examples.shop.held import orders, pictures, products, report, search
from examples.shop.held.service import app

__all__ = ["app"]

app.include_router(products.router)
app.include_router(search.router)
app.include_router(pictures.router)
app.include_router(orders.router)
app.include_router(report.router)
