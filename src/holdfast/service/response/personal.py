"""What a route reads of a request, as far as its signature says: who asks, and which headers."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from fastapi.security import APIKeyCookie, APIKeyHeader, APIKeyQuery
from fastapi.security.base import SecurityBase
from pydantic import BaseModel

__all__ = ["headers_read", "personal", "telling"]

_WHO = frozenset(("authorization", "cookie"))


def personal(dependant: Any) -> bool:
    """Whether a route or one of its dependencies authenticates, or reads cookies."""
    return any(
        _scheme(one) is not None or one.cookie_params or not _WHO.isdisjoint(_headers(one))
        for one in _all(dependant)
    )


def telling(dependant: Any) -> frozenset[str]:
    """Return the headers, in lower case, by which a route or its dependencies know who asks."""
    found: set[str] = set()
    for one in _all(dependant):
        found |= _WHO.intersection(_headers(one)) | _credentials(_scheme(one))
        if one.cookie_params:
            found.add("cookie")
    return frozenset(found)


def headers_read(dependant: Any) -> frozenset[str]:
    """Return the headers that a route and its dependencies take as parameters, in lower case."""
    return frozenset(name for one in _all(dependant) for name in _headers(one)) - _WHO


def _scheme(one: Any) -> SecurityBase | None:
    call = inspect.unwrap(one.call) if callable(one.call) else None
    return call if isinstance(call, SecurityBase) else None


def _credentials(scheme: SecurityBase | None) -> set[str]:
    """Return the header that a scheme reads; of one that is the app's own, the usual one."""
    if scheme is None or isinstance(scheme, APIKeyQuery):  # a query is part of the address
        return set()
    if isinstance(scheme, APIKeyHeader):
        return {scheme.model.name.lower()}
    return {"cookie" if isinstance(scheme, APIKeyCookie) else "authorization"}


def _all(dependant: Any) -> Iterator[Any]:
    yield dependant
    for inner in dependant.dependencies:
        yield from _all(inner)


def _headers(dependant: Any) -> Iterator[str]:
    for field in dependant.header_params:
        kind = field.field_info.annotation
        if inspect.isclass(kind) and issubclass(kind, BaseModel):
            yield from (known.alias or name.replace("_", "-") for name, known in kind.model_fields.items())
        else:
            yield field.alias.lower()
