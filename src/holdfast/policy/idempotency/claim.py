"""A key that is held: its lease is renewed until exactly one word has settled it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from holdfast.policy.deadline.wheel import Entry, current
from holdfast.policy.idempotency.answer import Answer
from holdfast.policy.idempotency.key import KeyId
from holdfast.policy.idempotency.store import StoreDown

if TYPE_CHECKING:
    from holdfast.policy.idempotency.guard import IdempotencyGuard

__all__ = ["Claim"]

_log = logging.getLogger("holdfast.idempotency")

_BEATS = 3
"""Renewals in a lease, so that one may fail and the next still be in time."""


class Claim(Entry):
    """A key that this request holds. Exactly one of its words settles it; until then the lease is renewed.

    `lost`: somebody else has the key, so that no write of this holder is taken any more.
    """

    __slots__ = ("_guard", "_renewing", "key", "lost", "route", "settled", "token")

    def __init__(self, guard: IdempotencyGuard, key: KeyId, token: str, route: str) -> None:
        super().__init__()
        self._guard = guard
        self._renewing: asyncio.Task[None] | None = None
        self.key = key
        self.token = token
        self.route = route
        self.lost = False
        self.settled = False
        self._beat()

    async def complete(self, answer: Answer) -> bool:
        """Store the answer. False: the key is not ours any more.

        Raises StoreDown where that is not certain; it is then tried again in the background: the effect is
        there, and the answer is the truth. Cancelled, it goes on.
        """
        self._settle()
        return await self._guard.through(self._complete(answer))

    async def _complete(self, answer: Answer) -> bool:
        guard = self._guard

        def word() -> Coroutine[Any, Any, bool]:
            return guard.store.complete(self.key, self.token, answer, guard.retention)

        try:
            return self._kept(await guard.ask(word()))
        except StoreDown:
            guard.later(word)
            raise

    async def complete_in(self, session: Any, answer: Answer) -> bool:
        """Store the answer in the transaction of `session`, which the caller commits if this is true."""
        self._settle()
        guard = self._guard
        store: Any = guard.store
        done: bool = await store.complete_in(session, self.key, self.token, answer, guard.retention)
        return self._kept(done)

    async def free(self) -> None:
        """Forget the key: nothing happened. Cancelled, it goes on."""
        self._settle()
        guard = self._guard
        try:
            await guard.through(guard.ask(guard.store.free(self.key, self.token)))
        except StoreDown:
            self.free_later()

    async def abandon(self) -> None:
        """Say that nobody knows whether the request had its effect. Cancelled, it goes on."""
        self._settle()
        guard = self._guard
        guard.tell(self.route, "unknown")
        try:
            await guard.through(guard.ask(guard.store.abandon(self.key, self.token, guard.retention)))
        except StoreDown:
            self.abandon_later()

    def free_later(self) -> None:
        """Forget the key without waiting for it, unless it is completed; for whoever is cancelled."""
        self._settle()
        guard = self._guard
        guard.later(lambda: guard.store.free(self.key, self.token))

    def abandon_later(self) -> None:
        """Say that the outcome is unknown without waiting; for whoever is cancelled."""
        self._settle()
        guard = self._guard
        guard.later(lambda: guard.store.abandon(self.key, self.token, guard.retention))

    def due(self) -> None:
        """Renew the lease, in a task of its own."""
        if not self.settled and self._renewing is None:
            self._renewing = self._guard.start(self._renew())

    def _kept(self, done: bool) -> bool:
        if not done:
            self.lost = True
            self._guard.tell(self.route, "lost")
            _log.warning(
                "%s: a holder of an idempotency key lost its lease; its write was refused", self.route
            )
        return done

    def _settle(self) -> None:
        self.settled = True
        self.cancel()

    def _beat(self) -> None:
        current().add(asyncio.get_running_loop().time() + self._guard.config.lease / _BEATS, self)

    async def _renew(self) -> None:
        guard = self._guard
        try:
            self.lost = not await guard.ask(guard.store.renew(self.key, self.token, guard.config.lease))
        except StoreDown as error:
            _log.warning("%s: the lease of an idempotency key was not renewed: %s", self.route, error)
        finally:
            self._renewing = None
        if not self.lost and not self.settled:
            self._beat()
