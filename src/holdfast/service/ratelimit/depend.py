"""A limit as a FastAPI dependency: after authentication, and at whatever cost the request has."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Depends
from fastapi.exceptions import WebSocketException
from starlette.requests import HTTPConnection
from starlette.status import WS_1013_TRY_AGAIN_LATER

from holdfast.errors import Refusal
from holdfast.service.ratelimit.limits import RateLimits

__all__ = ["Cost", "limiting"]

Cost = float | Callable[[HTTPConnection], float | Awaitable[float]]
"""How many calls a request counts as, or what says so of a request; 0 counts as none."""


def limiting(
    name: str, limits: Callable[[], RateLimits], *, key: Callable[..., Any] | None, cost: Cost
) -> Callable[..., Awaitable[None]]:
    """Return a dependency that charges a request to the limit `name`.

    `limits` returns those of the running loop. `key`: a dependency, whose value is who calls; None: as the
    budget says.
    """

    async def enter(connection: HTTPConnection, principal: object, *, known: bool) -> None:
        charge = cost(connection) if callable(cost) else cost
        if inspect.isawaitable(charge):
            charge = await charge
        try:
            await limits().enter(name, connection.scope, principal=principal, known=known, cost=charge)
        except Refusal as error:
            if connection.scope["type"] != "websocket":
                raise
            # Before it is accepted that is a 403, the only answer that there is.
            raise WebSocketException(WS_1013_TRY_AGAIN_LATER, str(error)) from error

    if key is None:

        async def limited(connection: HTTPConnection) -> None:
            await enter(connection, None, known=False)

        return limited

    # As a default: FastAPI finds the text of an annotation among the module's names, where `key` is not.
    async def limited_by(connection: HTTPConnection, principal: Any = Depends(key)) -> None:  # noqa: B008
        await enter(connection, principal, known=True)

    return limited_by
