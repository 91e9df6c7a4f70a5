"""Noticing what callers write, and how far the primary's log is afterwards."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import Connection, Engine, event

from holdfast.client.sql.replica.mark import Mark, marks
from holdfast.client.sql.verb import only_reads
from holdfast.clock import Now

__all__ = ["Writes"]

_WROTE = "holdfast.wrote"

Position = Callable[[], Awaitable[int | None]]
"""Asks the primary how far its log is; None: it cannot say."""


class Writes:
    """Of one primary. `position` asks it; None where its kind cannot say. `wall`: seconds since 1970."""

    __slots__ = ("_name", "_position", "_wall")

    def __init__(self, name: str, position: Position | None, *, wall: Now = time.time) -> None:
        self._name = name
        self._position = position
        self._wall = wall

    def attach(self, engine: Engine) -> None:
        """Listen to `engine`."""
        event.listen(engine, "after_cursor_execute", self._executed)
        event.listen(engine, "commit", self._committed)
        event.listen(engine, "rollback", self._rolled_back)

    async def locate(self) -> None:
        """After the commit: give what was written its place in the log, or the time where there is none.

        It is committed, so that nothing is raised but a cancellation.
        """
        here = marks()
        mark = None if here is None else here.get(self._name)
        if here is None or mark is None or mark.position is not None or not here.changed:
            return
        position: int | None = None
        if self._position is not None:
            try:
                position = await self._position()
            except asyncio.CancelledError:
                here.wrote(self._name, Mark(self._wall()))
                raise
            except Exception:  # noqa: BLE001 - whatever it is: the time has to do
                position = None
        here.wrote(self._name, Mark(self._wall(), position))

    def _executed(self, connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
        if not only_reads(statement):
            connection.info[_WROTE] = True

    def _committed(self, connection: Connection) -> None:
        if connection.info.pop(_WROTE, False):
            here = marks()
            if here is not None:
                here.wrote(self._name, Mark(self._wall()))

    def _rolled_back(self, connection: Connection) -> None:
        if not connection.invalidated:  # one that is lost has no notes any more either
            connection.info.pop(_WROTE, None)
