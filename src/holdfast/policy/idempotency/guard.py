"""Keys for coroutines: deciding with a store, keeping the lease, and writing what became of a request.

Whatever way a request ends - answered, failed, cancelled, its process killed - its key ends too: completed,
freed, of unknown outcome, or left with a lease that runs out.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from holdfast.clock import Now, monotonic
from holdfast.errors import (
    DependencyUnavailable,
    KeyInFlight,
    KeyReused,
    OutcomeUnknown,
)
from holdfast.events import Bus, KeyDecided
from holdfast.policy.idempotency.answer import Answer
from holdfast.policy.idempotency.claim import Claim
from holdfast.policy.idempotency.config import IdempotencyConfig
from holdfast.policy.idempotency.core import Verdict, decide
from holdfast.policy.idempotency.key import KeyId
from holdfast.policy.idempotency.store import Claimed, Store, StoreDown

__all__ = ["IdempotencyGuard"]

_log = logging.getLogger("holdfast.idempotency")

_T = TypeVar("_T")

_ROUNDS = 8
"""How often a claim looks again after somebody else was faster; each round somebody gets further."""

_LONGEST_WAIT = 5.0
"""Seconds of Retry-After at most: a request seldom takes as long as its lease, which is renewed anyway."""


def _token() -> str:
    return secrets.token_hex(16)


class IdempotencyGuard:
    """Belongs to one loop, as its store's client does. Emits KeyDecided for every request with a key.

    `retention` of the config is decided: without one there is nothing to keep a key for.
    """

    def __init__(
        self,
        config: IdempotencyConfig,
        store: Store,
        *,
        bus: Bus,
        now: Now = monotonic,
        token: Callable[[], str] = _token,
    ) -> None:
        if config.retention is None:
            raise ValueError("keys without a retention cannot be stored")
        self.config = config
        self.store = store
        self.retention = config.retention
        self._bus = bus
        self._now = now
        self._token = token
        self._later: set[asyncio.Task[Any]] = set()

    async def enter(self, key: KeyId, fingerprint: bytes, route: str) -> Claim | Answer:
        """Return a claim on the key, whose holder runs the request and settles it, or the kept answer.

        Raises KeyInFlight, KeyReused, OutcomeUnknown; DependencyUnavailable where the store does not answer.
        Cancelled, it leaves nothing behind but for a key that frees itself.
        """
        task = self.start(self._enter(key, fingerprint, route))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_give_back)
            raise

    async def _enter(self, key: KeyId, fingerprint: bytes, route: str) -> Claim | Answer:
        token, config = self._token(), self.config
        claimed = Claimed(token, fingerprint, route, config.repeatable, config.lease, self.retention)
        try:
            for _ in range(_ROUNDS):
                found = await self._attempt(key, claimed)
                if found is not None:
                    return found
        except StoreDown as error:
            # It may have written the claim all the same.
            self.later(lambda: self.store.free(key, token))
            self.tell(route, "unavailable")
            raise self.unavailable(error) from error
        self.tell(route, "conflict")
        raise KeyInFlight("many requests with this Idempotency-Key arrive at once", retry_after=1.0)

    async def _attempt(self, key: KeyId, claimed: Claimed) -> Claim | Answer | None:
        """Decide once; None: the key changed while we looked."""
        store, route = self.store, claimed.route
        seen = await self.ask(store.insert(key, claimed))
        if seen is None or seen.record.token == claimed.token:  # ours: the first answer had been lost
            return self._first(key, claimed)
        record = seen.record
        match decide(record, claimed.fingerprint, seen.now):
            case Verdict.REPLAY:
                if record.answer is None:
                    raise StoreDown("a key is done and has no answer")
                self.tell(route, "replayed")
                return record.answer
            case Verdict.MISMATCH:
                self.tell(route, "mismatch")
                raise KeyReused
            case Verdict.IN_FLIGHT:
                self.tell(route, "conflict")
                wait = min(max(1.0, record.lease - seen.now), _LONGEST_WAIT)
                raise KeyInFlight("a request with this Idempotency-Key is in flight", retry_after=wait)
            case Verdict.UNKNOWN:
                self.tell(route, "unknown")
                raise OutcomeUnknown
            case Verdict.DECLARE:
                if await self.ask(store.declare_unknown(key, record, self._token())):
                    self.tell(route, "unknown")
                    raise OutcomeUnknown
            case Verdict.TAKE_OVER:
                if await self.ask(store.replace(key, record, claimed)):
                    return self._first(key, claimed)
            case Verdict.RUN:
                pass
        return None

    def _first(self, key: KeyId, claimed: Claimed) -> Claim:
        self.tell(claimed.route, "first")
        return Claim(self, key, claimed.token, claimed.route)

    async def ask(self, word: Coroutine[Any, Any, _T]) -> _T:
        """Say a word to the store; StoreDown where it does not answer in time."""
        try:
            async with asyncio.timeout(self.config.patience):
                return await word
        except TimeoutError as error:
            raise StoreDown(f"no answer within {self.config.patience} s") from error

    def unavailable(self, error: StoreDown) -> DependencyUnavailable:
        """Return the refusal for a store that does not answer."""
        _log.warning("idempotency keys: %s does not answer: %s", self.store.name, error)
        return DependencyUnavailable(
            self.store.name, "the store of idempotency keys does not answer", retry_after=1.0
        )

    def tell(self, route: str, outcome: str) -> None:
        """Emit what became of a request."""
        self._bus.emit(KeyDecided(self._now(), route, outcome))

    def later(self, word: Callable[[], Awaitable[bool]]) -> None:
        """Say a word in a task of its own, again and again while the lease may still hold."""
        self.start(self._insist(word))

    async def through(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Await `work`, which goes on to its end where the caller is cancelled.

        What is said to a store is said whole: a cancelled SQLAlchemy or driver may leave a connection behind.
        """
        return await asyncio.shield(self.start(work))

    def start(self, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        """Run `work` in a task that `settled` waits for."""
        task = asyncio.get_running_loop().create_task(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)
        return task

    async def _insist(self, word: Callable[[], Awaitable[bool]]) -> None:
        loop = asyncio.get_running_loop()
        until, pause = loop.time() + self.config.lease, 0.05
        while True:
            try:
                async with asyncio.timeout(self.config.patience):
                    await word()
                return
            except (StoreDown, TimeoutError) as error:
                if loop.time() + pause >= until:
                    _log.warning("idempotency keys: %s: gave up: %s", self.store.name, error)
                    return
            await asyncio.sleep(pause)
            pause = min(2 * pause, 1.0)

    async def settled(self) -> None:
        """Wait for what is still to be written; before the store is closed."""
        while self._later:
            await asyncio.wait(self._later)


def _give_back(task: asyncio.Task[Claim | Answer]) -> None:
    """Free the key of a claim that came when its request had gone."""
    if not task.cancelled() and task.exception() is None and isinstance(claim := task.result(), Claim):
        claim.free_later()
