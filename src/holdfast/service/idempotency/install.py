"""Finding the routes with keys in an app, and preparing each: no other route is touched."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

from fastapi.routing import APIRoute, iter_route_contexts
from starlette.responses import FileResponse, StreamingResponse
from starlette.routing import BaseRoute, Mount
from starlette.types import Receive, Scope, Send

from holdfast.errors import UsageError
from holdfast.loop.route import template
from holdfast.service.idempotency.endpoint import MARK, asking
from holdfast.service.idempotency.exchange import Exchange, current
from holdfast.service.idempotency.idempotent import Idempotent

__all__ = ["install"]

Handle = Callable[[Scope, Receive, Send], Awaitable[None]]


def install(routes: Sequence[BaseRoute], named: Sequence[str], by_name: Idempotent | None) -> None:
    """Prepare every route whose function asks for keys, and those that are `named` ("POST /orders").

    Raises UsageError for a name that no route has, and for a route that streams its answer.
    """
    left = set(named)
    for context in _contexts(routes):
        route: Any = context.original_route
        idempotent: Idempotent | None = getattr(context.endpoint, MARK, None)
        labels = {f"{method} {context.path_format}" for method in context.methods or ()} & left
        if idempotent is None and labels and by_name is not None:
            _hook(route, context, by_name)
            _held(route, by_name).labels |= labels
        elif idempotent is not None:
            handle = _held(route, idempotent)
            if handle.labels or labels:
                handle.labels |= labels
        else:
            continue
        left -= labels
        _refuse_streams(context, f"{'/'.join(sorted(context.methods or ()))} {context.path_format}")
    if left:
        missing = ", ".join(f'"{name}"' for name in sorted(left))
        raise UsageError(f"the app has no route {missing}", place="idempotency.routes")


def _contexts(routes: Sequence[BaseRoute]) -> Iterator[Any]:
    for context in iter_route_contexts(routes):
        original = context.original_route
        if isinstance(original, APIRoute):
            yield context
        elif isinstance(original, Mount) and original.routes:
            yield from _contexts(original.routes)


def _hook(route: Any, context: Any, idempotent: Idempotent) -> None:
    """Put the asking around the function of a route that the budget names, in all the forms FastAPI has."""
    if getattr(route.endpoint, MARK, None) is None:
        route.endpoint = asking(route.endpoint, idempotent, always=False)
    for holder in (route.dependant, context.dependant):
        if getattr(holder.call, MARK, None) is None:
            holder.call = route.endpoint


def _held(route: Any, idempotent: Idempotent) -> _Held:
    """Return the handle of `route`, put there if it is not: an attribute of this route only."""
    found = route.__dict__.get("handle")
    if not isinstance(found, _Held):
        found = route.handle = _Held(route.handle, idempotent)
    return found


def _refuse_streams(context: Any, label: str) -> None:
    chosen = getattr(context.response_class, "value", context.response_class)
    streams = isinstance(chosen, type) and issubclass(chosen, (StreamingResponse, FileResponse))
    if streams or context.is_sse_stream or context.is_json_stream:
        raise UsageError(
            f"{label} streams its answer, which cannot be stored under an idempotency key", place=label
        )


class _Held:
    """In place of a route's `handle`: an exchange around every request of it.

    `labels`: only these ("POST /v1/orders"), where one route is included more than once; empty: all.
    """

    __slots__ = ("_handle", "_idempotent", "labels")

    def __init__(self, handle: Handle, idempotent: Idempotent) -> None:
        self._handle = handle
        self._idempotent = idempotent
        self.labels: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.labels and f"{scope['method']} {template(scope)}" not in self.labels:
            await self._handle(scope, receive, send)
            return
        idempotent = self._idempotent
        exchange = Exchange(idempotent, idempotent.guard, scope, receive, send)
        wrong = exchange.read_key()
        if wrong is not None:
            await wrong(scope, receive, send)
            return
        token = current.set(exchange)
        try:
            await self._handle(scope, exchange.receive, exchange.send)
        except asyncio.CancelledError:
            exchange.cancelled()
            raise
        except BaseException as error:
            instead = await exchange.raised(error)
            if instead is not None:
                raise instead from error
            raise
        else:
            await exchange.ended()
        finally:
            current.reset(token)
