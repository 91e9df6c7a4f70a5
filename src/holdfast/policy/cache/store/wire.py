"""Commands to Redis: bounded in time and in connections, repeated once, and left alone while it is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from holdfast.clock import Now, monotonic
from holdfast.policy.cache.store.script import Script
from holdfast.policy.retry import RetryBudget
from holdfast.policy.store import Pause, StoreUnavailable
from holdfast.policy.store.redis import answered, lost, unavailable

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["CONNECTIONS", "Wire"]

CONNECTIONS = 16
"""Of a worker to one cache's Redis: commands that are on their way at a time; more wait for their turn."""


_REPEATED, _FLOOR = 0.2, 0.1
"""Of the commands of 10 s at most this share is repeated (Finagle's RetryBudget), and one in any case: that
of the first who finds that Redis has closed what was idle."""


class Wire:
    """Belongs to one event loop. `patience`: seconds that a command may take, waiting included.

    Commands run in the tasks of requests, which are cancelled at any point. So connections are not those of
    the client's pool: one whose command was cut is closed on the spot, without a lock that has to be waited
    for, and its slot is free again.
    """

    __slots__ = ("_clock", "_closed", "_idle", "_make", "_patience", "_pause", "_redis", "_repeats", "_slots")

    def __init__(
        self,
        make: Callable[[], Redis],
        *,
        patience: float,
        pause: Pause | None = None,
        clock: Now = monotonic,
    ) -> None:
        self._make = make
        self._redis: Redis | None = None
        self._patience = patience
        self._pause = pause or Pause()
        self._repeats = RetryBudget(_REPEATED, floor=_FLOOR)
        self._clock = clock
        self._idle: list[Any] = []
        self._slots = asyncio.Semaphore(CONNECTIONS)
        self._closed = False

    async def run(self, script: Script, keys: list[str], *words: Any) -> Any:
        """Run a script and return its reply. Raises StoreUnavailable."""
        from redis.exceptions import NoScriptError

        try:
            return await self.send("EVALSHA", script.digest, len(keys), *keys, *words)
        except StoreUnavailable as error:
            if not isinstance(error.__cause__, NoScriptError):
                raise
        # It was restarted, or another has taken over: EVAL teaches it the script.
        return await self.send("EVAL", script.text, len(keys), *keys, *words)

    async def send(self, *words: Any) -> Any:
        """Send one command and return its reply. Raises StoreUnavailable.

        Once more where the connection was lost: every command that comes here may be done twice. But of all
        commands only a share, or repeating would add to what broke the connections.
        """
        if not self._pause.may(self._clock()):
            raise StoreUnavailable("paused")
        self._repeats.deposit(self._clock())
        try:
            try:
                reply = await self._once(words)
            except Exception as error:
                if not lost(error) or not self._repeats.withdraw(self._clock()):
                    raise
                await self._forget()  # who else was idle is as old
                reply = await self._once(words)
        except Exception as error:
            if answered(error):
                await self._heard(error)
            else:
                self._pause.failed(self._clock())
            raise unavailable(error) from error
        self._pause.answered()
        return reply

    async def _heard(self, error: Exception) -> None:
        """Redis answered with an error: of a replica now, a new connection finds who has taken over."""
        from redis.exceptions import ReadOnlyError

        if isinstance(error, ReadOnlyError):
            self._pause.failed(self._clock())
            await self._forget()

    async def aclose(self) -> None:
        """Close the connections; one that is in use closes after its command."""
        self._closed = True
        await self._forget()
        redis, self._redis = self._redis, None
        if redis is not None:
            await redis.aclose(close_connection_pool=True)

    async def _once(self, words: tuple[Any, ...]) -> Any:
        # One timeout for all of it, and not the client's own, which makes a task of every write.
        async with asyncio.timeout(self._patience), self._slots:
            connection = self._idle.pop() if self._idle else await self._connect()
            whole = False
            try:
                await connection.send_packed_command(connection.pack_command(*words))
                reply = await self._reply(connection)
                whole = True
            finally:
                if whole and not self._closed:
                    self._idle.append(connection)
                else:
                    await connection.disconnect(nowait=True)
        if isinstance(reply, Exception):
            raise reply
        return reply

    async def _reply(self, connection: Any) -> Any:
        """Return the reply; one that is an error too, as the connection is in order then."""
        try:
            return await connection.read_response()
        except Exception as error:
            if not answered(error):
                raise
            return error

    async def _connect(self) -> Any:
        if self._redis is None:
            self._redis = self._make()
        pool: Any = self._redis.connection_pool
        connection = pool.make_connection()
        try:
            await connection.connect()
        except BaseException:
            await connection.disconnect(nowait=True)
            raise
        return connection

    async def _forget(self) -> None:
        while self._idle:
            await self._idle.pop().disconnect(nowait=True)
