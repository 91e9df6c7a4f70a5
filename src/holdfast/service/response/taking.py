"""One answer of a route, as it passes: judged at its start, kept when it is whole."""

from __future__ import annotations

from dataclasses import replace

from starlette.types import Message, Scope, Send

from holdfast.policy.cache import Claim
from holdfast.policy.httpcache import Asking, Stored, Terms, bridges
from holdfast.policy.httpcache.fields import Headers, values
from holdfast.policy.httpcache.freshness import initial_age
from holdfast.service.response.respond import respond
from holdfast.service.response.shelf import Shelf

__all__ = ["Taking"]

_FAILED = frozenset((500, 502, 503, 504))
"""Statuses in whose place a stale response may be served (RFC 5861, 4)."""

_ABSENT = (404, 410)


class Taking:
    """Passes an answer on, and has it kept. `stored`: what it is to replace or to confirm.

    `started`: some of it was sent. `kept`: what is kept of it. `refused`: it must not be kept; `replaced`:
    and it is what there is now instead of `stored`. `failed`: the route failed and nothing was sent: `stored`
    may stand in. `unconfirmed`: the route confirmed something else than `stored`; there is nothing to send.
    """

    __slots__ = (
        "_asked",
        "_asking",
        "_body",
        "_claim",
        "_held",
        "_scope",
        "_send",
        "_shelf",
        "_size",
        "_start",
        "_stored",
        "_terms",
        "failed",
        "kept",
        "refused",
        "replaced",
        "started",
        "unconfirmed",
    )

    def __init__(
        self, shelf: Shelf, claim: Claim, stored: Stored | None, asking: Asking, scope: Scope, send: Send
    ) -> None:
        self._shelf = shelf
        self._claim = claim
        self._stored = stored
        self._asking = asking
        self._scope = scope
        self._send = send
        self._asked = shelf.wall()
        self._start: Message = {}
        self._held = False  # the start is not sent yet
        self._terms: Terms | None = None
        self._body: list[bytes] = []
        self._size = 0
        self.kept: Stored | None = None
        self.started = self.refused = self.replaced = self.failed = self.unconfirmed = False

    async def send(self, message: Message) -> None:
        """Take a message of the answer."""
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif self.failed or self.unconfirmed:
            return
        elif self._stored is not None and self._start["status"] == 304:
            if not message.get("more_body", False):
                await self._confirm(self._stored)
        elif self._terms is None:
            await self._send(message)
        elif message["type"] == "http.response.body" and self._fits(message):
            await self._take(message, self._terms)
        else:  # too large, or not seen here: a file by its path, trailers
            await self._let_pass(message)

    async def _begin(self, start: Message) -> None:
        self._start = start
        status, headers, now = start["status"], start["headers"], self._shelf.wall()
        if self._stored is not None:
            if status == 304:
                return
            if status in _FAILED and bridges(self._asking, self._stored, now, stale=self._shelf.stale):
                self.failed = True
                return
        self._terms = self._shelf.terms(self._asking, status, headers, now)
        self._held = self._terms is not None
        if self._terms is None:
            self.refused, self.replaced = True, status < 400 or status in _ABSENT
            self._claim.part()
            self._held = True
            await self._release()

    def _fits(self, message: Message) -> bool:
        self._size += len(message.get("body", b""))
        return self._size <= self._shelf.largest

    async def _take(self, message: Message, terms: Terms) -> None:
        self._body.append(message.get("body", b""))
        if not message.get("more_body", False):
            await self._keep(self._start, b"".join(self._body), terms)
        elif self._held:
            self._claim.part()  # it comes as fast as this caller reads it: nobody else waits for that
        await self._release()
        await self._send(message)

    async def _let_pass(self, message: Message) -> None:
        self._terms, self._body = None, []
        self.refused = True
        self._claim.part()
        await self._release()
        await self._send(message)

    async def _release(self) -> None:
        if self._held:
            self._held = False
            self.started = True
            await self._send(self._start)

    async def _keep(self, start: Message, body: bytes, terms: Terms) -> None:
        told = values(start["headers"], b"content-length")
        if told and told != [str(len(body))]:
            self.refused = True  # it is not whole
            self._claim.part()
            return
        made = self._shelf.stored(
            self._scope, start["status"], start["headers"], body, terms, asked=self._asked
        )
        self.kept = await self._claim.keep(made)

    async def _confirm(self, stored: Stored) -> None:
        """The route says that what is stored holds: it is used from now on as this 304 says."""
        headers: Headers = self._start["headers"]
        told = values(headers, b"etag")
        if told and told != values(stored.headers, b"etag"):
            self.unconfirmed = True
            self._claim.part()
            return
        now = self._shelf.wall()
        age = initial_age(headers, self._asked, now)
        merged = stored.confirmed(headers, at=now, age=age, terms=stored.terms)
        terms = self._shelf.terms(self._asking, merged.status, merged.headers, now)
        if terms is None:
            self.refused = self.replaced = True
            self._claim.part()
        else:
            merged = replace(merged, terms=terms)
            self.kept = await self._claim.keep(merged)
        self.started = True
        await respond(merged, self._send, now)
