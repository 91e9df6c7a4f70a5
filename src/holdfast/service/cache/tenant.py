"""Whose values a request is about."""

from __future__ import annotations

import inspect

from starlette.requests import Request

from holdfast.errors import UsageError
from holdfast.service.tenant import Tenant

__all__ = ["tenant_of"]


async def tenant_of(tenant: Tenant, request: Request) -> str:
    """Return the tenant; UsageError where there is none: values of nobody would be values of everybody."""
    found = tenant(request)
    if inspect.isawaitable(found):
        found = await found
    if not isinstance(found, str) or not found:
        raise UsageError(
            "a cache of tenants was asked for a tenant that is not known: set it before the route runs",
            place=f"{request.method} {request.url.path}",
        )
    return found
