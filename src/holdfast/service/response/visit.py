"""One GET of a route whose responses are kept: from what is stored, or from the route, once for all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

from starlette.types import Message, Receive, Scope, Send

from holdfast.policy.cache import CacheGuard, Claim, Entry, Unkept
from holdfast.policy.httpcache import Asking, Stored, Use, Who, bridges, decide
from holdfast.policy.httpcache.asking import read
from holdfast.policy.httpcache.validators import CONDITIONS
from holdfast.service.response.respond import respond, timeout
from holdfast.service.response.shelf import Shelf
from holdfast.service.response.taking import Taking

__all__ = ["Produce", "visit"]

_log = logging.getLogger("holdfast")

Produce = Callable[[Scope, Receive, Send], Awaitable[None]]
"""The route itself."""

_STORED = (Use.SERVE, Use.STALE, Use.BEHIND)


async def visit(shelf: Shelf, produce: Produce, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer from `shelf`, or by `produce`."""
    guard, asking = shelf.here(), read(scope["headers"])
    if guard is None:
        await produce(scope, receive, send)
        return
    key = None if asking.passes else await shelf.key(scope)
    if key is None:
        guard.tally.tell("pass")
        await produce(scope, receive, send)
        return
    await _Visit(shelf, produce, guard, key, asking, scope, receive, send).serve()


class _Visit:
    __slots__ = (
        "_asking",
        "_entry",
        "_error",
        "_guard",
        "_key",
        "_produce",
        "_receive",
        "_scope",
        "_send",
        "_shelf",
        "_taking",
    )

    def __init__(
        self,
        shelf: Shelf,
        produce: Produce,
        guard: CacheGuard,
        key: str,
        asking: Asking,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        self._shelf = shelf
        self._produce = produce
        self._guard = guard
        self._key = key
        self._asking = asking
        self._scope = scope
        self._receive = receive
        self._send = send
        self._entry: Entry | None = None
        self._taking: Taking | None = None
        self._error: Exception | None = None

    async def serve(self) -> None:
        """Answer."""
        guard, shelf, tell = self._guard, self._shelf, self._guard.tally.tell
        self._entry, where = await guard.find(self._key, shelf.source)
        stored, now = self._stored, shelf.wall()
        use = self._use(stored, now)
        if shelf.home.observes:
            tell(where if use in _STORED else "miss")
            await self._renew()
        elif use is Use.TIMEOUT:
            tell("miss")
            await timeout(self._send)
        elif use is Use.ALONE:
            tell("pass")
            await self._alone()
        elif stored is not None and use in _STORED:
            tell(where if use is Use.SERVE else "stale")
            if use is Use.BEHIND and not guard.resting(self._entry):
                guard.refresh(self._key, shelf.source, self._behind, seen=self._entry)
            await respond(stored, self._send, now)
        elif stored is not None and guard.resting(self._entry) and self._bridges(stored):
            tell("error")
            await respond(stored, self._send, now)
        else:
            tell("miss")
            await self._renew()

    def _use(self, stored: Stored | None, now: float) -> Use:
        """Return what to do; what the cache itself does not believe to be fresh any more, as after a gap in
        what it heard of others, is renewed, whatever the response says."""
        use = decide(self._asking, stored, now, stale=self._shelf.stale)
        doubted = self._entry is not None and self._guard.now() >= self._entry.expires
        if stored is None or use is not Use.SERVE or not doubted:
            return use
        return Use.BEHIND if stored.terms.behind and not stored.terms.strict else Use.RENEW

    @property
    def _stored(self) -> Stored | None:
        return None if self._entry is None else self._entry.value

    def _bridges(self, stored: Stored) -> bool:
        return bridges(self._asking, stored, self._shelf.wall(), stale=self._shelf.stale)

    async def _alone(self) -> None:
        """Ask the route for this caller, and keep nothing."""
        await self._produce(self._scope, self._receive, self._send)

    async def _renew(self) -> None:
        """Ask the route for all who ask now, or wait for whoever does."""
        guard, shelf = self._guard, self._shelf
        found: Stored | None = None
        try:
            if self._goes_aside():
                await guard.aside(self._key, shelf.source, self._lead)
            else:
                found, _ = await guard.renew(self._key, shelf.source, self._lead, seen=self._entry)
        except Unkept:
            pass  # for whoever has asked, and he was told
        stored, now = self._stored, shelf.wall()
        if self._taking is not None:
            await self._see_out(self._taking)
        elif found is not None and self._may_use(found):
            guard.tally.tell("joined")
            await respond(found, self._send, now)
        elif stored is not None and guard.resting(self._entry) and self._bridges(stored):
            guard.tally.tell("error")
            await respond(stored, self._send, now)
        else:
            await self._alone()

    def _goes_aside(self) -> bool:
        """Whether nobody else is to wait for what this caller is answered, nor he for what others are."""
        shelf, asking = self._shelf, self._asking
        if self._key in self._guard.flights and (asking.anew or shelf.home.observes):
            return True  # what was asked for before he came
        for_him = self._entry is None and asking.who > shelf.shared
        return for_him or shelf.dropped(self._key, self._guard.now())

    def _may_use(self, found: Stored) -> bool:
        use = decide(self._asking, found, self._shelf.wall(), stale=self._shelf.stale)
        return use in _STORED and not self._shelf.home.observes

    async def _lead(self, claim: Claim) -> Stored:
        """Ask the route, in this caller's task; the answer goes to him as it comes."""
        return await self._ask(claim, self._scope, self._receive, self._send)

    async def _behind(self, claim: Claim) -> Stored:
        """Ask the route in a task of its own, behind a caller who has had his answer."""
        async with AsyncExitStack() as stack:
            scope = {**self._scope, "state": dict(self._scope.get("state", {}))}
            scope["fastapi_middleware_astack"] = stack  # the request's own ends with the request
            try:
                return await self._ask(claim, scope, _Nobody().receive, _nowhere)
            finally:
                if self._error is not None:
                    self._report(self._error)

    async def _ask(self, claim: Claim, scope: Scope, receive: Receive, send: Send) -> Stored:
        """Return what is kept of the route's answer. Raises Unkept, with the route's error in `_error`."""
        stored = self._stored
        taking = self._taking = Taking(self._shelf, claim, stored, self._asking, scope, send)
        headers = _unconditional(scope["headers"])
        if stored is not None:
            headers += stored.validators
        try:
            await self._produce({**scope, "headers": headers}, receive, taking.send)
        except Exception as error:  # noqa: BLE001 - raised to this caller, and to nobody else
            self._error = error
        if self._entry is not None and (taking.failed or self._error is not None):
            self._guard.rest(self._entry)
        if taking.kept is None:
            raise Unkept
        return taking.kept

    async def _see_out(self, taking: Taking) -> None:
        """Do what is left to do when the route has answered this caller, or failed to."""
        guard, stored, error = self._guard, self._stored, self._error
        if taking.refused:
            guard.tally.tell("unkept")
            if self._asking.who is Who.ANYBODY:
                self._shelf.drop(self._key, guard.now())
        if stored is not None and (taking.replaced or taking.unconfirmed):
            await guard.delete(self._key)  # it is not what there is any more
        if taking.unconfirmed:
            scope = {**self._scope, "headers": _unconditional(self._scope["headers"])}
            await self._produce(scope, self._receive, self._send)
        elif stored is not None and (taking.failed or (error is not None and not taking.started)):
            await self._bridge(stored, error)
        elif error is not None:
            raise error

    async def _bridge(self, stored: Stored, error: Exception | None) -> None:
        """Serve what is stored in the place of a failure, where it may be."""
        if error is not None and not self._bridges(stored):
            raise error
        if error is not None:
            self._report(error)
        self._guard.tally.tell("error")
        await respond(stored, self._send, self._shelf.wall())

    def _report(self, error: Exception) -> None:
        path = self._scope["path"]
        _log.error("GET %s: a stale response is served: %s", path, type(error).__name__, exc_info=error)


class _Nobody:
    """A request without a body, of a caller who stays."""

    __slots__ = ("_asked",)

    def __init__(self) -> None:
        self._asked = False

    async def receive(self) -> Message:
        """Return the empty body, once."""
        if self._asked:
            await asyncio.get_running_loop().create_future()
        self._asked = True
        return {"type": "http.request", "body": b"", "more_body": False}


async def _nowhere(message: Message) -> None:
    """Send to nobody."""


def _unconditional(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers without what this caller has: what is kept is whole."""
    return [pair for pair in headers if pair[0] not in CONDITIONS]
