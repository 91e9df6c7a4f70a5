"""SQLAlchemy's pool for coroutines, with the policies at its door."""

from __future__ import annotations

from typing import Any, Self

from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry, PoolProxiedConnection, QueuePool
from sqlalchemy.util.concurrency import await_, greenlet_spawn
from sqlalchemy.util.queue import Empty

from holdfast.client.sql.pool.checkout import Checkout

__all__ = ["GuardedPool", "close_idle"]


class GuardedPool(AsyncAdaptedQueuePool):
    """Made by `create_async_engine(poolclass=GuardedPool)`; the engine's maker calls
    `stand_behind`.

    Where `checkout` has places, the pool is unbounded itself and never waits: a place is taken before a
    connection, and given back with it.
    """

    checkout: Checkout | None = None
    _closed = False

    def stand_behind(self, checkout: Checkout) -> None:
        """Ask `checkout` from now on."""
        self.checkout = checkout
        checkout.pools.append(self)

    def connect(self) -> PoolProxiedConnection:
        """Return a connection; breaker, bulkhead, retries and the deadline hold for it."""
        take = super().connect
        return take() if self.checkout is None else await_(self.checkout.take(take))

    async def evict(self) -> None:
        """Close a connection that nobody uses."""
        await greenlet_spawn(close_idle, self)

    def dispose(self) -> None:
        """Close what is in the pool now, and later what is still out."""
        self._closed = True
        if self.checkout is not None:
            self.checkout.forget(self)
        super().dispose()

    def recreate(self) -> Self:
        """Return an empty pool behind the same door, as `dispose` asks for it."""
        anew: Any = super().recreate()
        if self.checkout is not None:
            anew.stand_behind(self.checkout)
        return anew  # type: ignore[no-any-return]

    def _do_get(self) -> ConnectionPoolEntry:
        places = None if self.checkout is None else self.checkout.places
        if places is None or self.checkout is None:
            return super()._do_get()
        await_(places.enter())
        try:
            self.checkout.still_may()
            if len(self.checkout.pools) > 1:
                await_(self.checkout.make_room(self))
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


def close_idle(pool: QueuePool) -> None:
    """Close one of the connections that `pool` keeps open and nobody uses, as a full pool does."""
    try:
        record = pool._pool.get(False)
    except Empty:
        return
    try:
        record.close()
    finally:
        pool._dec_overflow()
