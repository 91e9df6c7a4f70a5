"""What of the service is shown to whom: the documentation that FastAPI adds by itself.

Routes that the app defines are the app's; only those that `FastAPI(...)` made are taken away or kept for
callers. Who may not see them gets the 404 of a path that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["show_docs"]

_MADE_BY = "fastapi.applications"
"""The module in which FastAPI defines the endpoints of its documentation."""


def show_docs(app: FastAPI, whom: str, trusted: Callable[[Scope], bool]) -> None:
    """Show the documentation of `app`, and of apps mounted in it, to `whom`: "on", "off", "callers".

    `trusted` tells whether the caller of a request is one of `trust.callers`.
    """
    if whom == "on":
        return
    for routes in _route_lists(app):
        for route in [route for route in routes if _is_docs(route)]:
            if whom == "off":
                routes.remove(route)
            else:
                route.app = _For(route.app, trusted)  # type: ignore[attr-defined]


def _route_lists(app: FastAPI) -> Iterator[list[BaseRoute]]:
    yield app.router.routes
    for route in app.router.routes:
        if isinstance(route, Mount) and isinstance(route.app, FastAPI):
            yield from _route_lists(route.app)


def _is_docs(route: BaseRoute) -> bool:
    return isinstance(route, Route) and getattr(route.endpoint, "__module__", "") == _MADE_BY


class _For:
    """Answers those whom `trusted` knows; to others there is nothing here."""

    __slots__ = ("_app", "_trusted")

    def __init__(self, app: ASGIApp, trusted: Callable[[Scope], bool]) -> None:
        self._app = app
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._trusted(scope):
            raise HTTPException(404)
        await self._app(scope, receive, send)
