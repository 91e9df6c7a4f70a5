"""Limits on routes: after routing, so that the route is the real one, and before the body is read."""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable, Iterable

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.types import Receive, Scope, Send

from holdfast.budget import Loaded
from holdfast.errors import UsageError
from holdfast.loop.route import template
from holdfast.service.ratelimit.limits import SCOPE, Told

__all__ = ["limit_routes"]


def limit_routes(app: FastAPI, loaded: Loaded) -> None:
    """Have every route of `app` that the budget limits ask first; once, however often it is called.

    Raises UsageError, at its place in the budget, for a route that the app does not have. Routes of apps that
    are mounted are not seen: there, use the dependency.
    """
    wanted = {
        route: name
        for name, section in loaded.budget.ratelimit.items()
        for route in section.routes
        if section.mode != "off"
    }
    if not wanted:
        return
    found: set[str] = set()
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if not isinstance(route, APIRoute):
            continue
        names = {
            f"{method} {path}"
            for method in context.methods or ()
            for path in (context.path_format, context.path)
        }
        if here := names & wanted.keys():
            found |= here
            if not isinstance(route.handle, _Handle):
                route.handle = _Handle(route.handle)  # type: ignore[method-assign]
    for route_name in wanted.keys() - found:
        raise _unknown(route_name, wanted[route_name], app, loaded)


class _Handle:
    """In place of a route's `handle`: the limits first."""

    __slots__ = ("_handle",)

    def __init__(self, handle: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._handle = handle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        told = scope.get(SCOPE)
        if isinstance(told, Told):
            await told.limits.enter_route(f"{scope['method']} {template(scope)}", scope)
        await self._handle(scope, receive, send)


def _unknown(route: str, name: str, app: FastAPI, loaded: Loaded) -> UsageError:
    known = sorted(_names(app))
    close = difflib.get_close_matches(route, known, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    return UsageError(
        f'ratelimit.{name}.routes: the app has no route "{route}" of its own{hint}',
        place=loaded.place_of(("ratelimit", name, "routes")),
    )


def _names(app: FastAPI) -> Iterable[str]:
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, APIRoute):
            for method in context.methods or ():
                yield f"{method} {context.path_format}"
