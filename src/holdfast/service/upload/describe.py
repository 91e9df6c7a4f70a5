"""Uploads in the app's OpenAPI document: FastAPI does not know of a body that a dependency reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from holdfast.service.upload.depend import MARK

__all__ = ["describe"]

_BINARY = {"type": "string", "format": "binary"}
_RAW = {"*/*": {"schema": _BINARY}}
_FORM = {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "properties": {"file": {"type": "array", "items": _BINARY}},
            "additionalProperties": {"type": "string"},
        }
    }
}
_REFUSED = {
    "400": "The upload is malformed",
    "413": "The upload is too large",
    "415": "The upload is of a type that is not taken",
}


def describe(app: FastAPI) -> None:
    """Have the document of `app` name the body of every route that takes an upload."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        for path, method, raw in _uploads(app):
            operation = document.get("paths", {}).get(path, {}).get(method)
            if operation is not None:  # it is not where the route is not to be shown
                operation.setdefault("requestBody", {"required": True, "content": _RAW if raw else _FORM})
                for status, meaning in _REFUSED.items():
                    operation["responses"].setdefault(status, {"description": meaning})
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _uploads(app: FastAPI) -> Iterator[tuple[str, str, bool]]:
    """Yield path, method and whether the body is raw, of every route that takes an upload."""
    for context in iter_route_contexts(app.routes):
        dependant = getattr(context, "dependant", None)
        raw = None if dependant is None else _raw(dependant.dependencies)
        if raw is not None:
            yield from ((context.path_format or "", method.lower(), raw) for method in context.methods or ())


def _raw(dependants: Iterable[Any]) -> bool | None:
    for dependant in dependants:
        raw: bool | None = getattr(dependant.call, MARK, None)
        if raw is None:
            raw = _raw(dependant.dependencies)
        if raw is not None:
            return raw
    return None
