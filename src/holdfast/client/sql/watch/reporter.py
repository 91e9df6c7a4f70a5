"""What is seen of the use of a database: told as an event, logged once a line, raised in tests."""

from __future__ import annotations

import asyncio
import logging

from holdfast.client.sql.watch.codeline import CodeLine
from holdfast.client.threads.handover import call_soon
from holdfast.clock import Now, monotonic
from holdfast.errors import UsageError
from holdfast.events import Bus, DataAccessSeen

__all__ = ["Reporter", "mistake"]

_log = logging.getLogger("holdfast.sql")

_MOST = 1000  # lines that are remembered as logged: a bound, and more than a service has


class Reporter:
    """Of one database on one loop. Every sight is an event, emitted there; the log has each line once."""

    __slots__ = ("_bus", "_dependency", "_logged", "_loop", "_now")

    def __init__(
        self, dependency: str, *, bus: Bus, loop: asyncio.AbstractEventLoop, now: Now = monotonic
    ) -> None:
        self._dependency = dependency
        self._bus = bus
        self._loop = loop
        self._now = now
        self._logged: set[tuple[str, CodeLine]] = set()

    def tell(self, kind: str, line: CodeLine, detail: str) -> DataAccessSeen:
        """Return the event, delivered, or on its way where a thread tells it."""
        event = DataAccessSeen(self._now(), self._dependency, kind, *line, detail)
        if asyncio._get_running_loop() is self._loop:
            self._bus.emit(event)
        else:
            call_soon(self._loop, self._bus.emit, event)
        if (kind, line) not in self._logged and len(self._logged) < _MOST:
            self._logged.add((kind, line))
            _log.warning("%s: %s at %s", self._dependency, detail, _place(event))
        return event


def mistake(event: DataAccessSeen) -> UsageError:
    """Return what is seen as an error, for tests."""
    return UsageError(f"{event.dependency}: {event.detail}", place=_place(event))


def _place(event: DataAccessSeen) -> str:
    return f"{event.file}:{event.line}" if event.file else "a line that is not the service's own"
