"""A place in the pool that a `def` route has before it has a thread.

A thread that waits for a connection is one that nobody else has. FastAPI takes another thread to make a
route's answer, while its session is still open: with all threads waiting for connections, those who hold them
would never give them back. So whoever will want one stands in line on the loop, and starts when he has it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

from holdfast.client.sql.pool.places import Places
from holdfast.policy import deadline

__all__ = ["Reservation", "reserved", "reserving"]


class Reservation:
    """Of one place of `places`, for one checkout."""

    __slots__ = ("_free", "_places")

    def __init__(self, places: Places) -> None:
        self._places = places
        self._free = True

    def taken_for(self, places: Places) -> bool:
        """Use it; whether it was there to be used, in the same line."""
        if not self._free or self._places is not places:
            return False
        self._free = False
        return True

    def give_back(self) -> None:
        """Leave the place if nobody has used it."""
        if self.taken_for(self._places):
            self._places.leave()


_RESERVED: ContextVar[Reservation | None] = ContextVar("holdfast_sql_reserved", default=None)

reserved = _RESERVED.get
"""`reserved() -> Reservation | None`: that of the request being served."""


@asynccontextmanager
async def reserving(places: Places | None) -> AsyncIterator[None]:
    """Have a place in this block. Raises DeadlineExceeded, and SQLAlchemy's TimeoutError."""
    if places is None:
        yield
        return
    here, outer = await _place(places), reserved()
    _RESERVED.set(here)
    try:
        yield
    finally:
        _RESERVED.set(outer)
        here.give_back()


async def _place(places: Places) -> Reservation:
    here: Reservation | None = None
    try:
        async with deadline.until(None):
            await places.enter()
            here = Reservation(places)
    except BaseException:
        if here is not None:
            here.give_back()
        raise
    return here
