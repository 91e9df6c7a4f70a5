"""The outermost ASGI app: passes each scope to what runs on its loop, and starts that where nothing does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from holdfast.service.lifespan import Lifespan
from holdfast.telemetry import process

if TYPE_CHECKING:
    from holdfast.budget import Loaded
    from holdfast.service.dependencies import Dependencies
    from holdfast.service.drain.bare import Hook
    from holdfast.service.running import Running

__all__ = ["Front", "Part"]


class Part(Protocol):
    """What an app has or has not, and is started and stopped with its lifespan: idempotency keys, caches."""

    async def start(self) -> None:
        """Begin; raises UsageError for what cannot work."""

    async def stop(self) -> None:
        """Give back what it holds."""


class Front:
    """Of one held app. `running` is what runs now, None before the first start and after a stop.

    `run(stack)` makes what runs on the present loop, from the app that `around` was given. `parts` returns
    those that the app has by then.
    """

    __slots__ = ("_dependencies", "_hook", "_loaded", "_parts", "_run", "_stack", "running")

    def __init__(
        self,
        loaded: Loaded,
        dependencies: Dependencies,
        *,
        run: Callable[[ASGIApp], Running],
        parts: Callable[[], Sequence[Part]],
    ) -> None:
        self._loaded = loaded
        self._dependencies = dependencies
        self._run = run
        self._parts = parts
        self._hook: Hook | None = None
        self.running: Running | None = None

    def around(self, stack: ASGIApp) -> ASGIApp:
        """Return the outermost app, around the built `stack`."""
        self._stack = stack
        lifespan = Lifespan(stack, self._start, self.stop, self._end)

        def front(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            kind = scope["type"]
            if kind == "http":
                here = self.running  # as `here` does, without a call: this is on every request
                if here is None or here.loop is not asyncio.get_running_loop():
                    here = self._begin()
                return here.serve(scope, receive, send)
            if kind == "lifespan":
                return lifespan(scope, receive, send)
            if kind == "websocket":
                return self.here().serve_websocket(scope, receive, send)
            return stack(scope, receive, send)

        return front

    def here(self) -> Running:
        """Return what runs on the running loop; start it where nothing does."""
        here = self.running
        if here is None or here.loop is not asyncio.get_running_loop():
            here = self._begin()
        return here

    async def stop(self) -> None:
        """Stop what runs, and close what the dependencies' clients have open."""
        if self._hook is not None:
            self._hook.release()
            self._hook = None
        if self.running is not None:
            running, self.running = self.running, None
            await running.drain.stop_background()
            running.end()
            await running.aclose()
        for part in self._parts():
            await part.stop()
        await self._dependencies.aclose()

    def _begin(self) -> Running:
        """Start on the running loop; what ran on another one ends."""
        if self.running is not None:
            self.running.end()
        self.running = self._run(self._stack)
        return self.running

    async def _start(self) -> None:
        running = self._begin()
        if not process.supervised():
            from holdfast.service.drain.bare import hooked

            self._hook = hooked(self._loaded, running.drain)
        for part in self._parts():
            await part.start()

    async def _end(self) -> None:
        if self.running is not None:
            await self.running.drain.stop_background()
