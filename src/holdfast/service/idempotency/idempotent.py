"""`hold.idempotent(...)`: the keys of some routes, as a decorator."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import Depends

from holdfast.clock import Now, monotonic
from holdfast.errors import UsageError
from holdfast.events import Bus, Event, KeyDecided
from holdfast.policy.idempotency import (
    Answer,
    IdempotencyConfig,
    IdempotencyGuard,
    KeyId,
    Store,
    StoreDown,
    Unresolved,
)
from holdfast.policy.mode import Mode
from holdfast.service.idempotency.endpoint import asking
from holdfast.service.idempotency.exchange import current
from holdfast.service.tenant import Tenant
from holdfast.telemetry import process

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

__all__ = ["Idempotent"]

_log = logging.getLogger("holdfast.idempotency")

_F = TypeVar("_F", bound=Callable[..., Any])

_BATCH = 500
"""Keys that one cleaning statement removes at most: short enough that nobody waits for its locks."""
_SLOWEST, _FASTEST = 60.0, 1.0
"""Seconds between two cleanings: a hundredth of the retention, within these."""
_CLOSING = 5.0
"""Seconds that are given to what is still to be written when the service stops."""


class Idempotent:
    """`@orders` on a route's function has it run once for each key.

    `orders.Session` is an annotated dependency (`Depends(orders.session)`): a session whose transaction
    carries the key, committed with the answer. `join(session)` does that for a session of yours. `release()`
    says that nothing happened.

    Everything runs on the loop that uses it first, and anew on another: `store` makes the store for it.
    """

    def __init__(
        self,
        config: IdempotencyConfig,
        store: Callable[[], Store],
        *,
        tenant: Tenant,
        one_tenant: bool = False,
        headers: frozenset[bytes] = frozenset(),
        sessions: Callable[[Store], AsyncSession] | None = None,
        missing: tuple[str, ...] = (),
        bus: Callable[[], Bus] = process.bus,
        now: Now = monotonic,
    ) -> None:
        self.config = config
        self.tenant = tenant
        self.one_tenant = one_tenant
        self.headers = headers
        self.missing = missing
        self.now = now
        self._make = store
        self._sessions = sessions
        self._bus = bus
        self._running: _Running | None = None

        async def session() -> AsyncSession:
            """Return the session whose transaction carries the key of this request."""
            return self._session()

        self.session = session
        self.Session = Annotated[Any, Depends(session)]

    def __call__(self, endpoint: _F) -> _F:
        """Have a route's function ask for keys; below the route's own decorator."""
        asks: Any = asking(endpoint, self, always=True)
        return asks  # type: ignore[no-any-return]

    def join(self, session: AsyncSession) -> None:
        """Have the transaction of `session` carry the key of this request.

        From here on holdfast commits it, together with the answer, and nobody else may. Raises UsageError
        outside of a route with keys.
        """
        self._exchange().join(session)

    def release(self) -> None:
        """Say that this request did nothing: its key is free again, whatever the answer is."""
        self._exchange().release()

    async def create_tables(self) -> None:
        """Create the store's table where it is missing; for services without migrations."""
        create = getattr(self.running().store, "create_tables", None)
        if create is not None:
            await create()

    async def unresolved(self, most: int = 100) -> list[Unresolved]:
        """Return keys whose outcome nobody knows, at most `most`. Raises StoreDown."""
        return await self.running().store.unresolved(most)

    async def resolve(
        self, tenant: str, key: str, *, status: int | None = None, body: bytes = b"", media_type: str = ""
    ) -> bool:
        """Decide an unknown outcome. Without a status nothing happened, and the key is free; with one it did,
        and this is the answer from now on. False: the key's outcome is not unknown. Raises StoreDown."""
        answer = None
        if status is not None:
            kind = media_type or "application/json"
            answer = Answer(status, ((b"content-type", kind.encode("latin-1")),), body)
        kept = self.config.retention or self.config.lease
        return await self.running().store.resolve(KeyId.of(tenant, key), answer, kept)

    def running(self) -> _Running:
        """Return what runs on this loop, made when first asked for."""
        loop = asyncio.get_running_loop()
        if self._running is None or self._running.loop is not loop:
            self._running = _Running(self._make(), self.config, self._bus(), loop)
        return self._running

    @property
    def guard(self) -> IdempotencyGuard | None:
        """The guard on this loop; None where keys are off, or nobody has decided how long they are kept."""
        if self.config.mode is Mode.OFF or self.config.retention is None or self.missing:
            return None
        return self.running().guard

    async def start(self) -> None:
        """Look at the store once, so that what cannot work does not start. Raises UsageError."""
        if self.guard is None:
            return
        running = self.running()
        try:
            async with asyncio.timeout(self.config.patience):
                for warning in await running.store.check():
                    _log.warning("idempotency keys: %s", warning)
        except (StoreDown, TimeoutError) as error:
            _log.warning("idempotency keys: %s does not answer yet: %s", running.store.name, error)
        except UsageError:
            await self.stop()  # a start that failed is not stopped by anybody else
            raise

    async def stop(self) -> None:
        """End what runs: write what is still to be written, close the store."""
        running, self._running = self._running, None
        if running is not None and running.loop is asyncio.get_running_loop():
            await running.end()

    def tell(self, route: str, outcome: str) -> None:
        """Emit what became of a request."""
        self._bus().emit(KeyDecided(self.now(), route, outcome))

    def observed(self, event: Event) -> None:
        """Emit what would have been done."""
        self._bus().emit(event)

    def _exchange(self) -> Any:
        exchange = current.get()
        if exchange is None:
            raise UsageError("outside of a route with idempotency keys", place="hold.idempotent")
        return exchange

    def _session(self) -> AsyncSession:
        exchange = self._exchange()
        if exchange.session is not None:
            found: AsyncSession = exchange.session
            return found
        if self._sessions is None:
            message = "this store has no sessions to give: name a SQL dependency, or give sessions=..."
            raise UsageError(message, place="hold.idempotent")
        made = self._sessions(self.running().store)
        exchange.join(made, owned=True)
        return made


class _Running:
    """The guard, its store and the cleaning on one loop."""

    def __init__(
        self, store: Store, config: IdempotencyConfig, bus: Bus, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.loop = loop
        self.store = store
        self.guard: IdempotencyGuard | None = None
        self._cleaning: asyncio.Task[None] | None = None
        if config.retention is not None:
            self.guard = IdempotencyGuard(config, store, bus=bus)
            every = min(max(config.retention / 100, _FASTEST), _SLOWEST)
            self._cleaning = loop.create_task(self._clean(every))

    async def end(self) -> None:
        if self._cleaning is not None:
            self._cleaning.cancel()
            await asyncio.wait([self._cleaning])
        if self.guard is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_CLOSING):
                    await self.guard.settled()
        await self.store.aclose()

    async def _clean(self, every: float) -> None:
        while True:
            await asyncio.sleep(every * (0.5 + random.random()))  # the workers not all at once
            with suppress(StoreDown):
                while await self.store.sweep(_BATCH) >= _BATCH:  # noqa: ASYNC110 - it removes, it does not wait
                    await asyncio.sleep(0)
