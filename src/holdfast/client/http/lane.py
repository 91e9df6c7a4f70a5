"""What a client has on one event loop: its policies' state and its connections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import httpx2

from holdfast.policy.call.pipeline import Pipeline

__all__ = ["Lane", "Lanes"]


@dataclass(frozen=True, slots=True)
class Lane:
    """The pipeline and the connection pool of one loop."""

    pipeline: Pipeline[httpx2.Response]
    pool: httpx2.AsyncBaseTransport


class Lanes:
    """One lane a loop, made when that loop first needs it: connections and permits belong to a loop."""

    __slots__ = ("_lanes", "_make")

    def __init__(self, make: Callable[[], Lane]) -> None:
        self._make = make
        self._lanes: dict[asyncio.AbstractEventLoop, Lane] = {}

    def current(self) -> Lane:
        """Return the running loop's lane."""
        loop = asyncio.get_running_loop()
        lane = self._lanes.get(loop)
        return self._open(loop) if lane is None else lane

    def peek(self) -> Lane | None:
        """Return the running loop's lane if it has one."""
        return self._lanes.get(asyncio.get_running_loop())

    async def aclose(self) -> None:
        """Close the running loop's connections; another loop's can only be closed there."""
        lane = self._lanes.pop(asyncio.get_running_loop(), None)
        if lane is not None:
            await lane.pool.aclose()

    def _open(self, loop: asyncio.AbstractEventLoop) -> Lane:
        # A loop that ended without `aclose` took its sockets with it; forget it, or it is kept for ever.
        for gone in [other for other in self._lanes if other.is_closed()]:
            del self._lanes[gone]
        lane = self._lanes[loop] = self._make()
        return lane
