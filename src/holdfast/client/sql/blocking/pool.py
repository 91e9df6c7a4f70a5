"""SQLAlchemy's pool for threads, with the policies of a loop at its door."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Self

from anyio.to_thread import run_sync
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection, QueuePool

from holdfast.client.sql.blocking.interrupt import Interrupt
from holdfast.client.sql.blocking.ping import HangUp, Ping, asked
from holdfast.client.sql.blocking.reservation import reserved
from holdfast.client.sql.door import Door
from holdfast.client.sql.pool.checkout import Connect, callers
from holdfast.client.sql.pool.guarded import close_idle
from holdfast.client.sql.pool.hold import Hold, hold_of
from holdfast.client.sql.pool.places import Places
from holdfast.client.sql.watch.codeline import CodeLine
from holdfast.client.threads import Handover, Home
from holdfast.client.threads.handover import call_soon
from holdfast.clock import monotonic
from holdfast.loop.offload.threads import OPEN
from holdfast.loop.offload.uncut import uncut
from holdfast.policy.deadline.wheel import current

__all__ = ["BlockingPool"]


class BlockingPool(QueuePool):
    """Made by `create_engine(poolclass=BlockingPool)`; the engine's maker calls `stand_behind`.

    Where the door has places it never waits itself: a place is taken, on the loop, before a connection.
    """

    door: Door | None = None
    _home: Home
    _interrupt: Interrupt
    _pings: tuple[HangUp, float] | None = None
    _closed = False

    def stand_behind(
        self, door: Door, home: Home, interrupt: Interrupt, pings: tuple[HangUp, float] | None = None
    ) -> None:
        """Ask `door` from now on; `interrupt` stops what runs on a connection whose request has no time.

        `pings`: how a ping is ended that takes longer than so many seconds, where the driver does not.
        """
        self.door = door
        self._home = home
        self._interrupt = interrupt
        self._pings = pings
        door.checkout.pools.append(self)

    def connect(self) -> PoolProxiedConnection:
        """Return a connection; breaker, bulkhead, retries and the deadline hold for it."""
        if self.door is None:
            return super().connect()
        taken: PoolProxiedConnection = self._home.call(partial(self._lend, stack=callers()))
        return taken

    async def evict(self) -> None:
        """Close a connection that nobody uses."""
        await uncut(run_sync(close_idle, self, limiter=OPEN))

    def dispose(self) -> None:
        """Close what is in the pool now, and later what is still out."""
        self._closed = True
        if self.door is not None:
            self.door.checkout.forget(self)
        super().dispose()

    def recreate(self) -> Self:
        """Return an empty pool behind the same door, as `dispose` asks for it."""
        anew: Any = super().recreate()
        if self.door is not None:
            anew.stand_behind(self.door, self._home, self._interrupt, self._pings)
        return anew  # type: ignore[no-any-return]

    async def _lend(
        self, thread: Handover[PoolProxiedConnection], *, stack: tuple[CodeLine, ...]
    ) -> PoolProxiedConnection:
        """Return a connection that answers, made by `thread`; on the loop. Raises a Refusal."""
        assert self.door is not None  # noqa: S101 - `connect` looked
        checkout, take = self.door.checkout, super().connect

        async def attempt(left: float | None) -> PoolProxiedConnection:
            if checkout.places is not None and not _reserved(checkout.places):
                await checkout.places.enter()
            began = False

            def connect() -> PoolProxiedConnection:
                nonlocal began
                began = True
                return take()

            try:
                await checkout.make_room(self)
                with self._limited(connect) as limited:
                    taken: PoolProxiedConnection = await thread.do(limited, left, discard=_drop)
                return taken
            finally:
                if not began and checkout.places is not None:
                    checkout.places.leave()

        taken = await checkout.pipeline.call(attempt, idempotent=True, keep=True, alone=True)
        hold = checkout.note(taken, stack)
        if hold.until is not None:
            hold.timer = current().schedule(hold.until, partial(self._late, hold, taken.dbapi_connection))
        return taken

    @contextmanager
    def _limited(self, connect: Connect) -> Iterator[Connect]:
        """Have a thread's `connect` end whose ping takes too long; on the loop, while the thread is at it."""
        if self._pings is None:
            yield connect
            return
        hang_up, seconds = self._pings
        ping = Ping(hang_up)

        def limited() -> PoolProxiedConnection:
            outer = asked.set(ping)
            try:
                return connect()
            finally:
                ping.over()
                asked.reset(outer)

        timer = current().schedule(monotonic() + seconds, ping.give_up)
        try:
            yield limited
        finally:
            timer.cancel()

    def _late(self, hold: Hold, connection: Any) -> None:
        """Stop what a request whose time is over has running; on the loop, which must not wait for that."""
        stop = partial(hold.interrupt, partial(self._interrupt, connection))
        threading.Thread(target=stop, name="holdfast-interrupt", daemon=True).start()

    def _do_get(self) -> ConnectionPoolEntry:
        try:
            record = super()._do_get()
        except BaseException:
            self._leave()
            raise
        ping = asked.get()
        if ping is not None:
            ping.on(record.dbapi_connection)
        return record

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        hold = hold_of(record)
        try:
            if hold is not None:
                hold.spare()
                if hold.interrupted:
                    record.invalidate()  # what stops it may reach the server later than this
            super()._do_return_conn(record)
            if self._closed:
                super().dispose()
        finally:
            if self.door is not None and hold is not None:
                call_soon(self.door.loop, self._let_go, hold)
            self._leave()

    def _let_go(self, hold: Hold) -> None:
        if hold.timer is not None:
            hold.timer.cancel()
        if self.door is not None:
            self.door.checkout.let_go(hold)

    def _leave(self) -> None:
        if self.door is not None and self.door.checkout.places is not None:
            call_soon(self.door.loop, self.door.checkout.places.leave)


def _reserved(places: Places) -> bool:
    """Whether the request that asks has a place already, which is then used."""
    here = reserved()
    return here is not None and here.taken_for(places)


def _drop(connection: PoolProxiedConnection) -> None:
    """Close what nobody waits for any more: on the loop, so without a word to the server."""
    connection.invalidate()
    connection.close()
