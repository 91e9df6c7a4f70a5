"""What becomes of the key when its request ends, and of the transaction that carries it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from starlette.types import Message

from holdfast.errors import DependencyUnavailable, KeyInFlight, UsageError
from holdfast.policy.idempotency import Answer, Claim, Effect, IdempotencyConfig, StoreDown
from holdfast.policy.mode import Mode
from holdfast.service.idempotency.binding import Binding
from holdfast.service.idempotency.interrupted import interrupted
from holdfast.service.idempotency.problem import Problem, failed, problem

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

__all__ = ["Settlement"]

_log = logging.getLogger("holdfast.idempotency")

_AGAIN = "it went away in the middle, and nothing was done; send the request again with the same key"


class Settlement:
    """Of one request on `route`. `claim` once the key is held; `binding` once a session carries it.

    `store`: what callers call the place of the keys. `released`: nothing happened, so that the key is free
    whatever the answer is.
    """

    __slots__ = ("_config", "_route", "_store", "binding", "claim", "released")

    def __init__(self, config: IdempotencyConfig, route: str, store: str) -> None:
        self._config = config
        self._route = route
        self._store = store
        self.claim: Claim | None = None
        self.binding: Binding | None = None
        self.released = False

    @property
    def holds(self) -> bool:
        """Whether an answer has to wait for this: there is a key to settle, or a session to commit."""
        return self.claim is not None or self.binding is not None

    def join(self, session: AsyncSession, *, owned: bool) -> None:
        """Have the transaction of `session` carry the key. Raises UsageError where another one does."""
        if self.binding is not None:
            if self.binding.session is session:
                return
            raise UsageError("another session carries the key of this request already", place=self._route)
        self.binding = Binding(session, owned=owned, route=self._route)

    async def answered(self, start: Message, body: bytes) -> Problem | None:
        """Write what became of the request; return what is answered instead, where its answer is not true."""
        status, config = start["status"], self._config
        if self.released or status >= 500:
            await self.failed()
            return None
        answer = Answer.of(status, start.get("headers", ()), body, config.body)
        if self.binding is not None:
            if status < 400:
                return await self._commit(self.binding, answer)
            await self.binding.roll_back()
        elif config.effect is Effect.TRANSACTION and status < 400 and self.claim is not None:
            message = (
                "no session carries the key, though its effect is said to be in a transaction: take the "
                "session from the Idempotent, or join() yours"
            )
            _log.error("%s: %s", self._route, message)
            if config.mode is Mode.ENFORCE:
                await self.claim.abandon()
                return failed(message)
        return await self._complete(answer)

    async def failed(self) -> None:
        """The request failed: what shares a transaction is undone, and of the rest nobody knows."""
        if self.binding is not None:
            await self.binding.roll_back()
        claim = self.claim
        if claim is None or claim.settled:
            return
        if self.released or self._undone:
            await claim.free()
        else:
            await claim.abandon()

    def cancelled(self) -> None:
        """The request was cancelled: settle without waiting, for whoever is cancelled must not wait."""
        claim = self.claim
        if claim is not None and not claim.settled:
            if self.released or self._undone:
                claim.free_later()
            else:
                claim.abandon_later()
        if self.binding is not None:
            self.binding.close_later()

    async def close(self) -> None:
        """The request is over."""
        if self.binding is not None:
            await self.binding.close()

    def refusal(self, error: BaseException) -> DependencyUnavailable | None:
        """Return what the caller is told instead of `error`, which the route raised; None: it is a failure.

        That its database went away in the middle is no failure of a route whose effect shares the key's
        transaction: nothing was done, and the caller may come again.
        """
        if self.binding is None or self._config.effect is not Effect.TRANSACTION or not interrupted(error):
            return None
        _log.warning("%s: the database went away: %s", self._route, type(error).__name__)
        return DependencyUnavailable(self._store, _AGAIN, retry_after=1.0)

    @property
    def _undone(self) -> bool:
        """Whether a failed request leaves a free key: undone, or harmless to repeat."""
        return self._config.effect is not Effect.ELSEWHERE

    async def _complete(self, answer: Answer) -> Problem | None:
        if self.claim is None:
            return None
        try:
            kept = await self.claim.complete(answer)
        except StoreDown as error:
            # The effect is there and this is its answer; the store hears of it when it is back.
            _log.warning("%s: an answer is not stored yet: %s", self._route, error)
            return None
        if kept or self._config.effect is Effect.ELSEWHERE or answer.status >= 400:
            return None
        return problem(_taken())

    async def _commit(self, binding: Binding, answer: Answer) -> Problem | None:
        claim = self.claim
        try:
            if await binding.commit(claim, answer):
                return None
            return problem(_taken())
        except asyncio.CancelledError:
            if claim is not None:
                claim.free_later()  # frees it only if it is not committed
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, its client gets an answer
            if claim is not None:
                claim.free_later()  # frees it only if it is not committed
            await binding.roll_back()
            if not interrupted(error):
                _log.exception("%s: the transaction was not committed", self._route)
                return failed("the cause is in the log")
            _log.warning("%s: the database went away in a commit: %s", self._route, type(error).__name__)
            why = "it went away while the request was committed; send it again with the same key"
            return problem(DependencyUnavailable(self._store, why, retry_after=1.0))


def _taken() -> KeyInFlight:
    return KeyInFlight("this request took longer than its lease; another one has its key", retry_after=1.0)
