"""Meeting the ASGI lifespan: start before the app does, stop after it has.

`Holdfast` is outermost, so the lifespan scope passes here first. A server without lifespan (or a test client
that runs none) starts the service lazily, with the first request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Lifespan"]

Step = Callable[[], Awaitable[None]]


class Lifespan:
    """Runs `start` before the app's own start-up and `stop` after its shutdown, whichever way it ends."""

    __slots__ = ("_app", "_start", "_stop")

    def __init__(self, app: ASGIApp, start: Step, stop: Step) -> None:
        self._app = app
        self._start = start
        self._stop = stop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the lifespan scope."""
        await self._start()
        stopped = False

        async def watched(message: Message) -> None:
            nonlocal stopped
            if message["type"].startswith("lifespan.shutdown") or message["type"].endswith("startup.failed"):
                stopped = True
                await self._stop()
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            if not stopped:
                await self._stop()
