"""A route as the budget names it."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

__all__ = ["Route"]

_ROUTE = re.compile(r"[A-Z]+ /\S*")
"""A method and a path template: "POST /orders"."""


def _route(value: str) -> str:
    if not _ROUTE.fullmatch(value):
        raise ValueError(f'expected a method and a path, such as "POST /orders", got "{value}"')
    return value


Route = Annotated[str, AfterValidator(_route)]
"""A method and a path template: "GET /orders/{order_id}"."""
