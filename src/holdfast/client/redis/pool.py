"""The connections of one loop. A cancelled call loses none, and leaves none with half a reply."""

from __future__ import annotations

from typing import Any

from redis import exceptions as of
from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection

from holdfast.client.redis.verdicts import Unreachable

__all__ = ["Pool"]


class Pool(ConnectionPool):
    """redis-py's pool, but nothing in taking and giving back waits for a lock.

    There a call that is cancelled while it gives a connection back loses it for ever. A connection that was
    cut while it greeted is closed: it may lack its password or its database.
    """

    async def get_connection(
        self, command_name: Any = None, *keys: Any, **options: Any
    ) -> AbstractConnection:
        """Return a connection that is ready. Raises Unreachable, MaxConnectionsError, AuthenticationError."""
        connection: AbstractConnection = self.get_available_connection()  # type: ignore[no-untyped-call]
        try:
            if connection.should_reconnect():  # type: ignore[no-untyped-call]
                await connection.disconnect(nowait=True)
            await self.ensure_connection(connection)
        except BaseException as error:
            await self._broken(connection)
            if isinstance(error, (of.AuthenticationError, of.BusyLoadingError)):
                raise
            if isinstance(error, (of.ConnectionError, of.TimeoutError, OSError)):
                raise Unreachable(str(error)) from error
            raise
        return connection

    async def release(self, connection: AbstractConnection) -> None:
        """Take a connection back."""
        if connection.should_reconnect():  # type: ignore[no-untyped-call]
            await self._broken(connection)
        else:
            self._back(connection)

    def renew(self) -> None:
        """Have every connection made anew when it is next taken: they lead to a server that is no primary."""
        for connection in (*self._available_connections, *self._in_use_connections):
            connection.mark_for_reconnect()  # type: ignore[no-untyped-call]

    async def _broken(self, connection: AbstractConnection) -> None:
        try:
            await connection.disconnect(nowait=True)  # which does not wait
        finally:
            self._back(connection)

    def _back(self, connection: AbstractConnection) -> None:
        self._in_use_connections.remove(connection)
        self._available_connections.append(connection)
