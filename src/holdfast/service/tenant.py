"""Whose it is, a key or a cached value: what belongs to one tenant never meets what is another's."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable

from starlette.requests import Request

from holdfast.errors import UsageError

__all__ = ["Tenant", "tenant_named", "tenant_of"]

Tenant = Callable[[Request], str | Awaitable[str]]
"""Names the tenant of a request; asked after the route's dependencies, so that authentication has been."""


def tenant_named(text: str) -> Tenant:
    """Return what the budget says in words: "state NAME", "header NAME" or "one". Raises ValueError."""
    kind, _, name = text.partition(" ")
    if text == "one":
        return lambda request: ""
    if kind == "state" and name.isidentifier():
        return lambda request: str(getattr(request.state, name, None) or "")
    if kind == "header" and name and name.isascii() and " " not in name:
        return lambda request: request.headers.get(name, "")
    raise ValueError(f'expected "state NAME", "header NAME" or "one", got "{text}"')


async def tenant_of(tenant: Tenant, request: Request, *, one: bool = False) -> str:
    """Return the tenant; UsageError where there is none: what is nobody's would be everybody's.

    `one`: the service has one tenant, whose name may be empty.
    """
    found = tenant(request)
    if inspect.isawaitable(found):
        found = await found
    if not isinstance(found, str) or (not found and not one):
        raise UsageError(
            "an idempotency key or a cached value was asked for by a tenant that is not known: set it before "
            "the route runs",
            place=f"{request.method} {request.url.path}",
        )
    return found
