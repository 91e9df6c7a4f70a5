"""MySQL's cancel on the wire: what nobody waits for any more is killed through another connection.

PostgreSQL's drivers send a cancel themselves. Of MySQL the socket is closed, and the server notices when it
has something to say, which may be in an hour, its locks held.
"""

from __future__ import annotations

import asyncio
from contextvars import Context
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util.concurrency import greenlet_spawn

__all__ = ["Killer"]

_SECONDS = 5.0
"""Where the budget has no timeout.connect."""


class Killer:
    """Of one engine. One kill at a time, so one connection beside the pool; `seconds`: what it may take."""

    __slots__ = ("_engine", "_line", "_seconds", "_tasks")

    def __init__(self, engine: AsyncEngine, seconds: float | None) -> None:
        self._engine = engine
        self._seconds = seconds or _SECONDS
        self._line = asyncio.Semaphore(1)
        self._tasks: set[asyncio.Task[None]] = set()

    def attach(self) -> None:
        """Listen to the engine."""
        event.listen(self._engine.sync_engine, "handle_error", self._failed)

    async def aclose(self) -> None:
        """Wait for the kills that are on their way."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _failed(self, context: ExceptionContext) -> None:
        if context.connection is None or not isinstance(context.original_exception, asyncio.CancelledError):
            return
        if context.connection.invalidated:
            return
        number = context.connection.connection.driver_connection.thread_id()  # type: ignore[union-attr]
        # In a context of its own: whoever was cancelled has no time left to kill in.
        task = asyncio.get_running_loop().create_task(self._kill(number), context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _kill(self, number: int) -> None:
        try:
            async with asyncio.timeout(self._seconds), self._line:
                await greenlet_spawn(self._say, number)
        except Exception:  # noqa: BLE001 - the server's own limit has to do
            return

    def _say(self, number: int) -> None:
        dialect = self._engine.dialect
        arguments, options = dialect.create_connect_args(self._engine.url)
        connection: Any = dialect.loaded_dbapi.connect(*arguments, **options)
        try:
            # The connection, not its statement alone: what that has locked is free only then.
            connection.cursor().execute(f"KILL {number:d}")
        finally:
            connection.close()
