"""A client span of each attempt."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from holdfast.client.redis.commands import name_of
from holdfast.telemetry.traces.database import start, tracing

if TYPE_CHECKING:
    from holdfast.client.redis.client import DependencyRedis

__all__ = ["begin"]

_NOTHING = nullcontext()


def begin(client: DependencyRedis, name: Any, batch: int | None = None) -> AbstractContextManager[Any]:
    """Begin the span of an attempt, to be entered; `batch`: how many commands it sends, for several.

    Keys and values are never in it, only the command's name.
    """
    if not tracing():
        return _NOTHING
    where, operation = client.connection_kwargs, name_of((name,))
    begun = start(
        client.config.dependency,
        "redis",
        operation,
        namespace=str(where.get("db", 0)),
        host=where.get("host") or where.get("path"),
        port=None if "path" in where else where.get("port", 6379),
        batch=batch,
        operation_name=operation,
    )
    return _NOTHING if begun is None else begun
