"""What an app asked for beside the policies at the door, made when it is first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.types import ASGIApp

if TYPE_CHECKING:
    from holdfast.budget import Loaded
    from holdfast.service.cache import Caches
    from holdfast.service.front import Part
    from holdfast.service.idempotency import Keyring
    from holdfast.service.response import Told
    from holdfast.service.running import Running
    from holdfast.service.session import Sessions
    from holdfast.service.upload.uploads import Uploads

__all__ = ["Features"]


class Features:
    """Each part imports what it needs when it is asked for: most apps have few of them."""

    def __init__(self, app: FastAPI, loaded: Loaded) -> None:
        self._app = app
        self._loaded = loaded
        self._keys: Keyring | None = None
        self._caches: Caches | None = None
        self._responses: Told | None = None
        self._uploads: Uploads | None = None
        self._sessions: list[Sessions[Any]] = []

    @property
    def keys(self) -> Keyring:
        """The routes with idempotency keys."""
        if self._keys is None:
            from holdfast.service.idempotency import Keyring

            self._keys = Keyring(self._loaded)
        return self._keys

    @property
    def caches(self) -> Caches:
        """The caches."""
        if self._caches is None:
            from holdfast.service.cache import Caches

            self._caches = Caches(self._loaded)
        return self._caches

    @property
    def responses(self) -> Told:
        """What the budget says of responses."""
        if self._responses is None:
            from holdfast.service.response import Told

            self._responses = Told(self._loaded, lambda name: self.caches.home(name, "response"))
        return self._responses

    @property
    def uploads(self) -> Uploads:
        """The uploads."""
        if self._uploads is None:
            from holdfast.service.upload.uploads import Uploads

            self._uploads = Uploads(self._app, self._loaded)
        return self._uploads

    def sessions(self, name: str, kind: Any, **options: Any) -> Sessions[Any]:
        """Make sessions that lie in the cache `name`."""
        from holdfast.service.session import Sessions

        made: Sessions[Any] = Sessions(self._loaded, name, self.caches.cache(name, kind), **options)
        self._sessions.append(made)
        return made

    def parts(self) -> list[Part]:
        """Return what is opened and closed with the app."""
        parts = (self._keys, self._caches, self._responses, *self._sessions)
        return [part for part in parts if part is not None]

    def installed(self, stack: ASGIApp) -> ASGIApp:
        """Install into the app's routes, and return `stack` with what goes around it.

        Responses before the limits, which are asked first.
        """
        budget = self._loaded.budget
        if budget.surface.docs is not None:
            from holdfast.service.caller import Callers
            from holdfast.service.surface import show_docs

            show_docs(self._app, budget.surface.docs, Callers(budget.trust).trusted)
        if budget.response:
            self.responses.install(self._app)
        if budget.ratelimit:
            from holdfast.service.ratelimit import limit_routes

            limit_routes(self._app, self._loaded)
        if self._keys is not None or budget.idempotency is not None:
            self.keys.install(self._app.routes)
        from holdfast.service.consistency import ReadYourWrites, longest_lag

        lag = longest_lag(budget)
        if lag is not None:
            stack = ReadYourWrites(stack, lag)
        if self._sessions:
            from holdfast.service.session import Layer

            stack = Layer(stack)
        return stack

    def begin(self, running: Running) -> None:
        """Start what runs beside the requests."""
        if self._uploads is not None:
            from holdfast.telemetry import process

            self._uploads.tell(process.slot())
            running.drain.background(self._uploads.sweep())
