"""One request on a route with keys: the key is asked for, the answer held until it is settled.

So no client reads of an effect that is not stored. An answer is one message for all but streams, which are
refused: a stream cannot be stored before it is sent.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from holdfast.errors import DependencyUnavailable, KeyInvalid, Refusal, UsageError
from holdfast.loop.route import template
from holdfast.policy.idempotency import Claim, IdempotencyGuard, KeyId
from holdfast.policy.idempotency.fingerprint import fingerprint
from holdfast.policy.idempotency.key import HEADER, parse
from holdfast.policy.mode import Mode
from holdfast.policy.observed import PolicyObserved
from holdfast.service.idempotency.body import Body, TooLarge
from holdfast.service.idempotency.problem import Problem, failed, problem, replay
from holdfast.service.idempotency.settlement import Settlement
from holdfast.service.tenant import tenant_of

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from holdfast.service.idempotency.idempotent import Idempotent

__all__ = ["Exchange", "current"]

_log = logging.getLogger("holdfast.idempotency")

current: ContextVar[Exchange | None] = ContextVar("holdfast_idempotency", default=None)
"""The exchange of the request being served, on a route with keys."""


class Exchange:
    """`begin` before the route runs, `send` for what it answers, and one of the endings after it."""

    __slots__ = (
        "_answered",
        "_began",
        "_body",
        "_over",
        "_passing",
        "_scope",
        "_send",
        "_settlement",
        "_start",
        "guard",
        "idempotent",
        "key",
    )

    def __init__(
        self,
        idempotent: Idempotent,
        guard: IdempotencyGuard | None,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        self.idempotent = idempotent
        self.guard = guard
        self.key: str | None = None
        self._scope = scope
        self._send = send
        self._body = Body(receive, idempotent.config.body)
        store = "database" if guard is None else guard.store.name
        self._settlement = Settlement(idempotent.config, self.route, store)
        self._start: Message | None = None
        self._began = False  # the route runs, or would
        self._answered = False  # with something that is not to be stored
        self._passing = False
        self._over = False

    @property
    def route(self) -> str:
        """The request's route, "POST /orders"."""
        return f"{self._scope['method']} {template(self._scope)}"

    @property
    def receive(self) -> Receive:
        """What the app reads the request from."""
        return self._body.receive

    def read_key(self) -> Problem | None:
        """Read the header; what is wrong with it, where something is."""
        idempotent = self.idempotent
        if idempotent.config.mode is Mode.OFF:
            return None
        try:
            self.key = parse([value for name, value in self._scope["headers"] if name == HEADER])
            if self.key is None and idempotent.config.required:
                raise KeyInvalid("this route needs an Idempotency-Key")
        except KeyInvalid as invalid:
            idempotent.tell(self.route, "invalid")
            return None if self._observed("refuse", str(invalid)) else problem(invalid)
        return None

    async def begin(self) -> Response | None:
        """Claim the key: None, and the route runs; else what it returns instead.

        Called when the route's dependencies are there and its input is valid, so that whoever may not call it
        neither reads an answer nor uses up a key.
        """
        self._began = True
        guard = self.guard
        if self.key is None or guard is None:
            return None
        try:
            key, asked = await self._asked()
        except TooLarge:
            self._answered = True
            return Problem(413, "too-large", "The body is too large", "its payload cannot be compared")
        try:
            found = await guard.enter(key, asked, self.route)
        except Refusal as refusal:
            if self._observed("refuse", str(refusal)):
                return None
            if isinstance(refusal, DependencyUnavailable) and not self.idempotent.config.refuse_without_store:
                guard.tell(self.route, "unprotected")
                return None
            self._answered = True
            return problem(refusal)
        if isinstance(found, Claim):
            self._settlement.claim = found
            return None
        if self._observed("replay", "answered before"):
            return None
        self._answered = True
        return replay(found)

    def check(self, result: Any) -> Any:
        """Return what the route returned, unless it is a stream: UsageError."""
        if isinstance(result, (StreamingResponse, FileResponse)) and self._settlement.claim is not None:
            raise UsageError(self._no_streams(), place=self.route)
        return result

    def join(self, session: AsyncSession, *, owned: bool = False) -> None:
        """Have the transaction of `session` carry the key."""
        self._settlement.join(session, owned=owned)

    @property
    def session(self) -> AsyncSession | None:
        """The session that carries the key, if one does."""
        binding = self._settlement.binding
        return None if binding is None else binding.session

    def release(self) -> None:
        """Nothing happened: free the key whatever the answer is."""
        self._settlement.released = True

    def send(self, message: Message) -> Awaitable[None]:
        """Take a message of the answer."""
        return self._send(message) if self._passing else self._hold(message)

    async def ended(self) -> None:
        """The app returned: where it said nothing, nobody knows what it did."""
        if not self._over:
            self._over = True
            await self._settlement.failed()
        await self._settlement.close()

    async def raised(self, error: BaseException) -> DependencyUnavailable | None:
        """The app raised `error`: return what is raised instead, where it is not the app that failed."""
        instead = None if self._over else self._settlement.refusal(error)
        await self.ended()
        return instead

    def cancelled(self) -> None:
        """The request was cancelled: settle without waiting, for whoever is cancelled must not wait."""
        self._over = True
        self._settlement.cancelled()

    async def _asked(self) -> tuple[KeyId, bytes]:
        """Return whose key it is, and the fingerprint."""
        scope, idempotent = self._scope, self.idempotent
        tenant = await tenant_of(idempotent.tenant, Request(scope), one=idempotent.one_tenant)
        kind, chosen = b"", []
        for name, value in scope["headers"]:
            if name == b"content-type":
                kind = value
            if name in idempotent.headers:
                chosen.append((name, value))
        body = await self._body.whole(kind)
        path = scope["path"].encode("utf-8", "surrogatepass")
        assert self.key is not None  # noqa: S101 - `begin` looked
        asked = fingerprint(scope["method"], path, scope["query_string"], sorted(chosen), body)
        return KeyId.of(tenant, self.key), asked

    async def _hold(self, message: Message) -> None:
        if self._over:
            return  # the rest of a stream that was refused
        kind = message["type"]
        if kind == "http.response.start":
            self._start = message
            if self._answered or not self._settlement.holds:
                await self._pass()
        elif kind == "http.response.body" and not message.get("more_body", False):
            await self._finish(message)
        elif self._settlement.claim is None:
            await self._stream(message)
        else:
            _log.error("%s: %s", self.route, self._no_streams())
            self._over = True
            await self._settlement.failed()
            await self._say(failed(self._no_streams()))

    async def _pass(self) -> None:
        """Pass on what is not stored."""
        start = self._start
        assert start is not None  # noqa: S101 - it is the answer's start that calls
        idempotent = self.idempotent
        unseen = self.key is not None and not self._began and 200 <= start["status"] < 300
        if unseen and idempotent.config.mode is Mode.ENFORCE:
            _log.error("%s answered without having asked for its key", self.route)
            self._over = True
            await self._say(failed("this route does not ask for its idempotency key"))
            return
        self._passing = self._over = True
        if self._settlement.binding is not None:
            await self._settlement.binding.roll_back()
        await self._send(start)

    async def _finish(self, last: Message) -> None:
        start = self._start
        assert start is not None  # noqa: S101 - the server's own protocol
        instead = await self._settlement.answered(start, last.get("body", b""))
        self._over = True
        if instead is None:
            await self._send(start)
            await self._send(last)
        else:
            await self._say(instead)

    async def _stream(self, first: Message) -> None:
        """Let a stream pass that has no key, its session committed before."""
        start = self._start
        assert start is not None  # noqa: S101 - the server's own protocol
        instead = await self._settlement.answered(start, b"")
        self._over = True
        if instead is not None:
            await self._say(instead)
            return
        self._passing = True
        await self._send(start)
        await self._send(first)

    async def _say(self, instead: Problem) -> None:
        head = {"status": instead.status_code, "headers": instead.raw_headers}
        await self._send({"type": "http.response.start", **head})
        await self._send({"type": "http.response.body", "body": instead.body})

    def _observed(self, would: str, why: str) -> bool:
        """Whether this only observes; if so it is told."""
        idempotent = self.idempotent
        if idempotent.config.mode is Mode.ENFORCE:
            return False
        idempotent.observed(PolicyObserved(idempotent.now(), "idempotency", self.route, would, why))
        return True

    def _no_streams(self) -> str:
        return (
            "this route streams its answer, which cannot be stored under an idempotency key: return the "
            "whole answer, or take the key from the route"
        )
