"""Around the app: cookies go out with whatever answer there is, and no cache mistakes it for everybody's."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from holdfast.policy.httpcache.vary import joined
from holdfast.service.session.session import Session
from holdfast.service.session.sessions import OPENED, Sessions

__all__ = ["Layer"]


class Layer:
    """Outside of the app's middleware, so that what answers in the route's place carries them too."""

    __slots__ = ("_app",)

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""
        opened: dict[Sessions[Any], Session[Any]] = {}
        scope[OPENED] = opened

        async def carrying(message: Message) -> None:
            if opened and message["type"] == "http.response.start":
                message = {**message, "headers": _carried(message.get("headers", ()), opened)}
            await send(message)

        await self._app(scope, receive, carrying)


def _carried(headers: Any, opened: dict[Sessions[Any], Session[Any]]) -> list[tuple[bytes, bytes]]:
    found = MutableHeaders(raw=list(headers))
    found["vary"] = joined(*found.getlist("vary"), "Cookie")
    found.setdefault("cache-control", "private")
    for sessions, session in opened.items():
        if session.ticket is not None:
            told = Response()
            sessions.set_cookie(told, session.ticket)
            found.raw.extend(pair for pair in told.raw_headers if pair[0] == b"set-cookie")
    return found.raw
