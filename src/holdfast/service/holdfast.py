"""`Holdfast(app)`: everything wired around one app."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from holdfast.errors import MissingNumber, UsageError
from holdfast.service import failure
from holdfast.service.identity import Identity
from holdfast.service.lifespan import Lifespan
from holdfast.telemetry import process

if TYPE_CHECKING:
    from holdfast.budget import Budget, Loaded
    from holdfast.client.http import DependencyClient
    from holdfast.service.running import Running

# The rest is imported where it is first used: `import holdfast` is on the start-up path of whatever imports
# the app, tests and tools included, and adds at most 60 ms to FastAPI's own import.

__all__ = ["Holdfast"]

_log = logging.getLogger("holdfast")


class Holdfast:
    """Holds a FastAPI app to its budget.

    `budget`: the file, or None to look for holdfast.toml (HOLDFAST_BUDGET, then from the working directory
    upwards); without one everything observes and a log line says so. `server_timing`: tell every caller how
    long its request took; only for callers that may know.

    The constructor reads the budget, wraps the app and starts nothing; what runs is started by the app's
    lifespan, or by the first request where a server has none.

    Raises BudgetError with file:line for a budget that cannot be read.
    """

    def __init__(
        self,
        app: FastAPI,
        *,
        budget: Path | str | None = None,
        environment: str | None = None,
        server_timing: bool = False,
    ) -> None:
        if getattr(app.state, "holdfast", None) is not None:
            raise UsageError("this app is held already: Holdfast(app) is called once")
        self._app = app
        self._timing = server_timing
        self._loaded = _find(budget, environment)
        self._clients: dict[str, DependencyClient] = {}
        self._identity = Identity()
        self._running: Running | None = None
        app.state.holdfast = self
        failure.install(app, self._count_failure)
        # Outermost: whatever middleware is added, now or later, the built stack ends up inside.
        build = app.build_middleware_stack
        app.build_middleware_stack = lambda: self._wrap(build())  # type: ignore[method-assign]

    @property
    def budget(self) -> Budget:
        """The budget, overlay and environment applied."""
        return self._loaded.budget

    def derived(self, path: str) -> int:
        """Return a derived number, as "dependency.db.pool" or "admission.limit", for one worker process.

        Raises MissingNumber when the budget lacks what it follows from.
        """
        from holdfast.service.numbers import numbers

        found = numbers(self._loaded).get(path)
        if found is None:
            raise MissingNumber((path,))
        return int(found.value)

    def http(self, name: str, **options: Any) -> DependencyClient:
        """Return the client of the HTTP dependency `name`: an httpx2.AsyncClient, policies in its transport.

        `options` as `holdfast.client.http.client` takes them. Its connections are closed with the app's
        lifespan. Raises UsageError when the budget has no such dependency or holdfast[http] is not installed.
        """
        from holdfast.client.http import client
        from holdfast.service.numbers import workers

        section = self.budget.dependency.get(name)
        if section is None:
            known = ", ".join(self.budget.dependency) or "none"
            raise UsageError(f'the budget has no dependency "{name}"; known: {known}', place="hold.http")
        made = client(name, section, processes=workers(self._loaded), **options)
        self._clients[name] = made
        if self._running is not None:
            self._running.attach(name, made)
        return made

    @property
    def in_flight(self) -> int:
        """Requests being served on this worker's loop now."""
        return self._running.in_flight if self._running is not None else 0

    async def stop(self) -> None:
        """Stop what runs and close the clients: for a service whose server has no lifespan."""
        await self._stop()

    def _wrap(self, stack: ASGIApp) -> ASGIApp:
        """Return the outermost ASGI app."""
        self._stack = stack
        lifespan = Lifespan(stack, self._start, self._stop)

        def front(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            kind = scope["type"]
            if kind == "http":
                here = self._running
                if here is None or here.loop is not asyncio.get_running_loop():
                    here = self._begin()
                return here.serve(scope, receive, send)
            if kind == "lifespan":
                return lifespan(scope, receive, send)
            return stack(scope, receive, send)

        return front

    def _begin(self) -> Running:
        """Start on the running loop; what ran on another one ends."""
        from holdfast.service.running import Running

        if self._running is not None:
            self._running.end()
        self._running = Running(
            self._app,
            self._stack,
            self._loaded,
            bus=process.bus(),
            slot=process.slot(),
            identity=self._identity,
            timing=self._timing,
        )
        for name, client in self._clients.items():
            self._running.attach(name, client)
        return self._running

    async def _start(self) -> None:
        self._begin()

    async def _stop(self) -> None:
        if self._running is not None:
            self._running.end()
            self._running = None
        # Their connections, not the clients: whoever starts the app again finds them in working order.
        for client in self._clients.values():
            await client.policies.aclose()

    def _count_failure(self, cause: str) -> None:
        from holdfast.service.running import count

        count(process.slot(), cause)


def _find(budget: Path | str | None, environment: str | None) -> Loaded:
    """Load the budget; where there is none at all, an empty one, and a line in the log."""
    from holdfast.budget import Budget, Loaded, load
    from holdfast.budget.document import find

    path = Path(budget) if budget is not None else None
    if path is None and not os.environ.get("HOLDFAST_BUDGET") and find(Path.cwd()) is None:
        _log.warning("no holdfast.toml here or above: every policy observes and nothing is enforced")
        return Loaded(Budget())
    return load(path, environment=environment)
