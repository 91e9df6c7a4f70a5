"""`hold.sessions("session", Visitor)`: what is known of callers, kept here and not by them."""

from __future__ import annotations

import os
from typing import Any, Generic, Literal, TypeVar

from fastapi.openapi.models import APIKey, APIKeyIn
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection
from starlette.responses import Response

from holdfast.budget import Loaded
from holdfast.budget.model.ratelimit import MEMORY
from holdfast.errors import UsageError
from holdfast.service.cache.cache import Cache
from holdfast.service.numbers import workers
from holdfast.service.session.session import Session
from holdfast.service.session.ticket import Tickets

__all__ = ["OPENED", "Sessions"]

T = TypeVar("T")

OPENED = "holdfast.sessions"
"""Where a request's sessions are in its scope."""


class Sessions(SecurityBase, Generic[T]):
    """A dependency that returns the caller's Session; also the security scheme of the routes that use it.

    They lie in the cache `name` for its ttl. `secret`: the variable with the secrets. `cookie`: its name;
    `secure`: it is sent over TLS only.
    """

    def __init__(
        self,
        loaded: Loaded,
        name: str,
        cache: Cache[T],
        *,
        secret: str = "SESSION_SECRET",  # noqa: S107 - the name of a variable
        cookie: str = "session",
        secure: bool = True,
        same_site: Literal["lax", "strict", "none"] = "lax",
    ) -> None:
        self.model: Any = APIKey.model_validate({"in": APIKeyIn.cookie, "name": cookie})
        self.scheme_name = f"session {cookie}"
        self.cookie = cookie
        self._secret = secret
        self._cache = cache
        self._ttl = loaded.budget.cache[name].ttl
        self._secure = secure
        self._same_site = same_site
        self._tickets: Tickets | None = None
        if loaded.budget.cache[name].store == MEMORY and workers(loaded) > 1:
            message = "sessions of several workers lie in Redis: else each knows its own alone"
            raise UsageError(message, place=loaded.place_of(("cache", name, "store")))
        if self._ttl is None:
            message = "for how long does a session last? Without that there are none"
            raise UsageError(message, place=loaded.place_of(("cache", name, "ttl")))

    async def __call__(self, connection: HTTPConnection) -> Session[T]:
        """Return the session of a request, looked up once."""
        opened = connection.scope.get(OPENED)
        if opened is None:
            raise UsageError("sessions were asked for after the app had started", place="hold.sessions")
        found: Session[T] | None = opened.get(self)
        if found is None:
            found = opened[self] = await self._open(connection.cookies.get(self.cookie, ""))
        return found

    @property
    def tickets(self) -> Tickets:
        """What signs. Raises UsageError where the secret is missing."""
        if self._tickets is None:
            self._tickets = Tickets.of(self._secret, os.environ)
        return self._tickets

    async def store(self, session_id: str, data: T) -> None:
        """Keep the data of a session."""
        await self._cache.set(self.tickets.stored_as(session_id), data)

    async def drop(self, session_id: str) -> None:
        """Forget a session, in every worker."""
        await self._cache.delete(self.tickets.stored_as(session_id))

    def set_cookie(self, response: Response, ticket: str) -> None:
        """Have the caller hold `ticket`; "" takes away what he has."""
        response.set_cookie(
            self.cookie,
            ticket,
            max_age=int(self._ttl or 0) if ticket else 0,
            secure=self._secure,
            httponly=True,
            samesite=self._same_site,
        )

    async def start(self) -> None:
        """Read the secret: a service that cannot sign does not start."""
        assert self.tickets  # noqa: S101 - read for its error

    async def stop(self) -> None:
        """Nothing is held: the cache is stopped by itself."""

    async def _open(self, ticket: str) -> Session[T]:
        session_id = self.tickets.read(ticket) if ticket else None
        data = None if session_id is None else await self._cache.get(self.tickets.stored_as(session_id))
        return Session(self, session_id, data)
