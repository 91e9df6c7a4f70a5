"""A connection that is out of the pool: who has it, since when, and whether it may be interrupted."""

from __future__ import annotations

import threading
from collections.abc import Callable

from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from holdfast.client.sql.watch.codeline import CodeLine
from holdfast.policy.deadline.wheel import Entry

__all__ = ["Hold", "hold_of", "spare"]

_HOLD = "holdfast.hold"


class Hold:
    """`since`, `until`: monotonic seconds; the deadline of who took it, None without one.

    `stack`: who that is, innermost first. `told`: it was reported as leaked. `timer`: what interrupts a
    thread's statement at the deadline. `interrupted`: that has happened, so that nobody else may have it.
    """

    __slots__ = ("_armed", "_busy", "interrupted", "since", "stack", "timer", "told", "until")

    def __init__(self, since: float, until: float | None, stack: tuple[CodeLine, ...]) -> None:
        self.since = since
        self.until = until
        self.stack = stack
        self.told = False
        self.timer: Entry | None = None
        self.interrupted = False
        self._armed = True
        self._busy = threading.Lock()

    def put_on(self, connection: PoolProxiedConnection) -> None:
        """Go with `connection` until it is back."""
        assert connection.record_info is not None  # noqa: S101 - there is one while it is out of the pool
        connection.record_info[_HOLD] = self

    def interrupt(self, cancel: Callable[[], object]) -> None:
        """Call `cancel`, which stops what runs on the connection, unless it may not be stopped any more."""
        with self._busy:
            if self._armed:
                self.interrupted = True
                cancel()

    def spare(self) -> None:
        """Not be interrupted from here on: it is committed, or given back. Waits for one on its way."""
        with self._busy:
            self._armed = False


def hold_of(entry: ConnectionPoolEntry) -> Hold | None:
    """Take the hold off a connection that comes back; None where there is none."""
    hold: Hold | None = entry.record_info.pop(_HOLD, None) if entry.record_info else None
    return hold


def spare(connection: PoolProxiedConnection) -> None:
    """Let nothing interrupt `connection` any more: a commit is not cut."""
    hold: Hold | None = (connection.record_info or {}).get(_HOLD)
    if hold is not None:
        hold.spare()
