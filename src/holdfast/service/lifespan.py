"""Meeting the ASGI lifespan: start before the app does, stop after it has.

`Holdfast` is outermost, so the lifespan scope passes here first. A server without lifespan (or a test client
that runs none) starts the service lazily, with the first request.
"""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from holdfast.errors import HoldfastError

__all__ = ["Lifespan"]

Step = Callable[[], Awaitable[None]]


async def _nothing() -> None:
    """Do nothing."""


class Lifespan:
    """Runs `start` before the app's own start-up and `stop` after its shutdown, whichever way it ends.

    `ending` runs when the server asks for the shutdown, before the app hears of it.
    """

    __slots__ = ("_app", "_ending", "_start", "_stop")

    def __init__(self, app: ASGIApp, start: Step, stop: Step, ending: Step = _nothing) -> None:
        self._app = app
        self._start = start
        self._stop = stop
        self._ending = ending

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the lifespan scope.

        A start that fails is answered, and not raised: a server takes an exception for an app that knows no
        lifespan, and would go on without the guard.
        """
        try:
            await self._start()
        except Exception as error:  # noqa: BLE001 - whatever it is, the service must not come up unguarded
            await self._stop()
            await receive()
            await send({"type": "lifespan.startup.failed", "message": _told(error)})
            return
        stopped = False

        async def asked() -> Message:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await self._ending()
            return message

        async def watched(message: Message) -> None:
            nonlocal stopped
            if message["type"].startswith("lifespan.shutdown") or message["type"].endswith("startup.failed"):
                stopped = True
                await self._stop()
            await send(message)

        try:
            await self._app(scope, asked, watched)
        finally:
            if not stopped:
                await self._stop()


def _told(error: Exception) -> str:
    """Return what the server logs: one line for a mistake of the user's, all there is for one of ours."""
    if isinstance(error, HoldfastError):
        return "".join(traceback.format_exception_only(error)).strip()
    return "".join(traceback.format_exception(error))
