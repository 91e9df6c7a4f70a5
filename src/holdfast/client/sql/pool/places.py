"""The line for a connection: as many places as the pool has, first come, first served.

SQLAlchemy's pool waits through `asyncio.wait_for`, for 30 s whatever the deadline, and tells nobody. Here the
wait is before the pool, which then never waits itself; it is counted, and whoever is cancelled in it leaves
no place behind.
"""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial

from sqlalchemy.exc import TimeoutError as PoolTimeout

from holdfast.clock import Now, monotonic
from holdfast.events import Bus, ConnectionWaited
from holdfast.policy.deadline.wheel import current

__all__ = ["PATIENCE", "Places"]

PATIENCE = 30.0
"""Seconds that work without a deadline waits at most: SQLAlchemy's pool_timeout."""


class Places:
    """`size` places on one loop. Every `enter` that returns needs one `leave`."""

    __slots__ = ("_bus", "_dependency", "_free", "_line", "_now", "size")

    def __init__(self, dependency: str, size: int, *, bus: Bus, now: Now = monotonic) -> None:
        self.size = size
        self._dependency = dependency
        self._bus = bus
        self._now = now
        self._free = size
        self._line: deque[asyncio.Future[bool]] = deque()

    @property
    def taken(self) -> int:
        """Places that are taken."""
        return self.size - self._free

    @property
    def waiting(self) -> int:
        """How many wait for one."""
        return sum(not place.done() for place in self._line)

    async def enter(self) -> None:
        """Take a place; the caller's deadline is the caller's to keep. Raises sqlalchemy.exc.TimeoutError."""
        if self._free:
            self._free -= 1
            return
        began = self._now()
        granted = False
        try:
            granted = await self._wait(began)
        finally:
            now = self._now()
            self._bus.emit(ConnectionWaited(now, self._dependency, now - began, granted))
        if not granted:
            raise PoolTimeout(f"{self.size} connections were taken for {PATIENCE:g} s", code="3o7r")

    def leave(self) -> None:
        """Give a place back, to whoever waits longest."""
        while self._line:
            place = self._line.popleft()
            if not place.done():
                place.set_result(True)
                return
        self._free += 1

    async def _wait(self, began: float) -> bool:
        place: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._line.append(place)
        timer = current().schedule(began + PATIENCE, partial(_give_up, place))
        try:
            return await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and place.result():
                self.leave()  # it was granted in the same turn of the loop
            raise
        finally:
            timer.cancel()


def _give_up(place: asyncio.Future[bool]) -> None:
    if not place.done():
        place.set_result(False)
