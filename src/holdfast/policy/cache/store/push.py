"""Hearing what other processes invalidate.

Redis' publishing is at most once: what was said while the connection was down is not heard. So every time it
stands again, and the first time too, everything that is in memory counts as out of date.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["Push"]

_QUIET = 5.0
"""Seconds without a word after which Redis is asked whether it is there; as many again, and it is not."""

_AGAIN, _SELDOM = 0.05, 1.0
"""Seconds between two attempts to connect, doubling from the first to the last."""


class Push:
    """Belongs to one event loop. `heard(data)` gets each message, None after a gap."""

    __slots__ = ("_channel", "_heard", "_make", "_task", "connected")

    def __init__(
        self, make: Callable[[], Redis], channel: str, heard: Callable[[bytes | None], None]
    ) -> None:
        self._make = make
        self._channel = channel
        self._heard = heard
        self._task: asyncio.Task[None] | None = None
        self.connected = False

    def start(self) -> None:
        """Begin to listen, in a task."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="holdfast cache push")

    async def aclose(self) -> None:
        """Listen no more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait((task,))

    async def _run(self) -> None:
        from redis.exceptions import RedisError

        pause = _AGAIN
        while True:
            with suppress(RedisError, OSError, TimeoutError):
                await self._listen()
            pause = _AGAIN if self.connected else min(2 * pause, _SELDOM)
            self.connected = False
            await asyncio.sleep(pause)

    async def _listen(self) -> None:
        """Pass on what is said until the connection is lost."""
        client = self._make()
        listener: Any = client.pubsub()
        try:
            await listener.subscribe(self._channel)
            asked = False
            while True:
                message = await listener.get_message(timeout=_QUIET)
                if message is not None:
                    asked = False
                    self._pass_on(message)
                elif asked:
                    return
                else:
                    await listener.ping()
                    asked = True
        finally:
            await listener.aclose()
            await client.aclose(close_connection_pool=True)

    def _pass_on(self, message: Any) -> None:
        if message["type"] == "subscribe":  # also after a reconnection that the client did by itself
            self.connected = True
            self._heard(None)
        elif message["type"] == "message":
            self._heard(message["data"])
