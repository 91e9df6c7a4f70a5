"""Which route a recorded request is of: numbers and identifiers in its path are what varies."""

from __future__ import annotations

import re

__all__ = ["IDENTIFIER", "NUMBER", "route_of"]

NUMBER = re.compile(r"(?<![\w.%-])\d{1,18}(?![\w.%-])")
IDENTIFIER = re.compile(
    r"(?i)(?<=/)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<=/)[0-9a-f]{24,}"
)


def route_of(method: str, target: str) -> str:
    """Return the name of a request in reports, as `shape.route` names those of a budget.

    >>> route_of("GET", "/products/17?page=2")
    'GET /products/{n}'
    """
    path = target.partition("?")[0]
    return f"{method} {NUMBER.sub('{n}', IDENTIFIER.sub('{n}', path))}"
