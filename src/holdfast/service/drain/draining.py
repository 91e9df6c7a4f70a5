"""What an app asks of its drain: whether it has come to the streams."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["Draining"]


class Draining:
    """`hold.draining`: like an `asyncio.Event`, but for whichever run of the app is the present one.

    Set once the requests in flight are answered and streams are to end. `event` returns the present run's.
    """

    __slots__ = ("_event",)

    def __init__(self, event: Callable[[], asyncio.Event | None]) -> None:
        self._event = event

    def is_set(self) -> bool:
        """Whether streams and long-running work should come to their end."""
        event = self._event()
        return event is not None and event.is_set()

    async def wait(self) -> None:
        """Wait until they should; call it where the service runs."""
        event = self._event()
        if event is None:
            raise RuntimeError("the service does not run on this loop")
        await event.wait()
