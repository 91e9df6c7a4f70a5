"""Read your writes, from one request to the next: what a caller has written goes with him.

As a cookie to browsers and as a header to other clients, who send it with what they ask next; whichever
worker they come to, `db.Reading` then shows them at least that.
"""

from __future__ import annotations

import math
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from holdfast.budget import Budget

__all__ = ["NAME", "ReadYourWrites", "longest_lag"]

NAME = "holdfast-wrote"
"""Of the cookie and of the header."""

_LONGEST = 2000  # bytes of a token that is read: sixteen databases with long names


class ReadYourWrites:
    """`lag`: seconds after which every replica shows what was written, and nobody need say it any more."""

    __slots__ = ("_age", "_app")

    def __init__(self, app: ASGIApp, lag: float) -> None:
        self._app = app
        self._age = math.ceil(lag)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request with what its caller has written, and tell him what he writes in it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        from holdfast.client.sql.replica import following

        with following(_token(Headers(scope=scope))) as caller:

            async def told(message: Message) -> None:
                if message["type"] == "http.response.start" and caller.changed:
                    token = caller.token
                    headers = MutableHeaders(scope=message)
                    headers[NAME] = token
                    secure = "; Secure" if scope.get("scheme") == "https" else ""
                    cookie = f"{NAME}={token}; Max-Age={self._age}; Path=/; HttpOnly; SameSite=Lax{secure}"
                    headers.append("set-cookie", cookie)
                await send(message)

            await self._app(scope, receive, told)


def longest_lag(budget: Budget) -> float | None:
    """Return the longest that a replica of `budget` may be behind, None where there is none to read from."""
    lags = [
        section.replica.lag
        for section in budget.dependency.values()
        if section.replica is not None and section.replica.lag is not None
    ]
    return max(lags, default=None)


def _token(headers: Headers) -> str:
    """Return what the caller says that he has written: the header before the cookie."""
    said = headers.get(NAME, "")
    if not said and NAME in headers.get("cookie", ""):
        cookies: SimpleCookie = SimpleCookie()
        try:
            cookies.load(headers["cookie"])
        except CookieError:
            return ""
        said = cookies[NAME].value if NAME in cookies else ""
    return said[:_LONGEST]
