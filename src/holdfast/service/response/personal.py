"""What a route reads of a request, as far as its signature says: who asks, and which headers."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from fastapi.security.base import SecurityBase
from pydantic import BaseModel

__all__ = ["headers_read", "personal"]

_WHO = frozenset(("authorization", "cookie"))


def personal(dependant: Any) -> bool:
    """Whether a route or one of its dependencies authenticates, or reads cookies."""
    return any(
        isinstance(inspect.unwrap(one.call) if callable(one.call) else None, SecurityBase)
        or one.cookie_params
        or not _WHO.isdisjoint(_headers(one))
        for one in _all(dependant)
    )


def headers_read(dependant: Any) -> frozenset[str]:
    """Return the headers that a route and its dependencies take as parameters, in lower case."""
    return frozenset(name for one in _all(dependant) for name in _headers(one)) - _WHO


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
