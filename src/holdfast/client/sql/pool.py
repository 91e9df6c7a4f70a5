"""SQLAlchemy's pool with the policies at its door."""

from __future__ import annotations

from typing import Any, Self

from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.util.concurrency import await_

from holdfast.client.sql.checkout import Checkout

__all__ = ["GuardedPool"]


class GuardedPool(AsyncAdaptedQueuePool):
    """Made by `create_async_engine(poolclass=GuardedPool)`; the engine's maker sets `checkout`.

    Where `checkout` has places, the pool is unbounded itself and never waits: a place is taken before a
    connection, and given back with it.
    """

    checkout: Checkout | None = None
    _closed = False

    def connect(self) -> PoolProxiedConnection:
        """Return a connection; breaker, bulkhead, retries and the deadline hold for it."""
        take = super().connect
        return take() if self.checkout is None else await_(self.checkout.take(take))

    def dispose(self) -> None:
        """Close what is in the pool now, and later what is still out."""
        self._closed = True
        super().dispose()

    def recreate(self) -> Self:
        """Return an empty pool behind the same door, as `dispose` asks for it."""
        anew: Any = super().recreate()
        anew.checkout = self.checkout
        return anew  # type: ignore[no-any-return]

    def _do_get(self) -> ConnectionPoolEntry:
        places = None if self.checkout is None else self.checkout.places
        if places is None:
            return super()._do_get()
        await_(places.enter())
        try:
            return super()._do_get()
        except BaseException:
            places.leave()
            raise

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        try:
            super()._do_return_conn(record)
            if self._closed:
                super().dispose()
        finally:
            if self.checkout is not None:
                self.checkout.returned(record)
                if self.checkout.places is not None:
                    self.checkout.places.leave()
