"""The admin port's routes."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from holdfast.clock import Now, monotonic
from holdfast.serve.admin.state import Status
from holdfast.telemetry.exposition import negotiated, render

__all__ = ["application"]

_FRESH = {"cache-control": "no-store"}


def application(status: Status, now: Now = monotonic) -> Starlette:
    """Return the ASGI app that tells `status`."""

    async def livez(_: Request) -> Response:
        return _answer(status.alive(now()), "alive", "every worker is past its kill limit")

    async def readyz(_: Request) -> Response:
        return _answer(status.ready(now()), "ready", "no worker serves, or the service drains")

    async def startupz(_: Request) -> Response:
        return _answer(status.served, "started", "no worker has served yet")

    async def metrics(request: Request) -> Response:
        media = negotiated(request.headers.get("accept", ""))
        said = render(status.board, now=now, media=media)
        return Response(said, headers=_FRESH | {"content-type": media, "vary": "accept"})

    async def state(_: Request) -> Response:
        return JSONResponse(status.document(now()), headers=_FRESH)

    handlers = (livez, readyz, startupz, metrics, state)
    return Starlette(routes=[Route(f"/{handler.__name__}", handler) for handler in handlers])


def _answer(holds: bool, yes: str, no: str) -> Response:
    return PlainTextResponse(f"{yes if holds else no}\n", 200 if holds else 503, headers=_FRESH)
