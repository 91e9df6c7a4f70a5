"""A limit for the ping of a thread's connection, where the driver has none of its own.

libpq waits for an answer without end. To TCP a server that stands still is not lost, as its kernel goes on
acknowledging what it is sent.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from sqlalchemy.engine import URL

__all__ = ["HangUp", "Ping", "asked", "hang_up", "hang_up_of"]

HangUp = Callable[[Any], None]
"""`hang_up(connection)`, from any thread and without waiting: who waits for an answer there gets an error."""


class Ping:
    """Of one checkout: a thread asks `on` a connection, until it is `over`, and the loop may `give_up`."""

    __slots__ = ("_busy", "_connection", "_hang_up")

    def __init__(self, hang_up: HangUp) -> None:
        self._hang_up = hang_up
        self._connection: Any = None
        self._busy = threading.Lock()

    def on(self, connection: Any) -> None:
        """Ask on the driver's `connection` from here on."""
        with self._busy:
            self._connection = connection

    def over(self) -> None:
        """Be asking nobody any more: whoever has the connection now is not to be disturbed."""
        with self._busy:
            self._connection = None

    def give_up(self) -> None:
        """Hang up on the server, if it is still being asked."""
        with self._busy:
            if self._connection is not None:
                self._hang_up(self._connection)


asked: ContextVar[Ping | None] = ContextVar("holdfast_sql_ping", default=None)
"""The ping of the checkout that this thread makes."""


def hang_up_of(url: URL) -> HangUp | None:
    """Return how it is done for the driver of `url`; None where the driver limits its pings itself."""
    return _psycopg if url.get_driver_name() == "psycopg" else None


def hang_up(descriptor: int) -> None:
    """End the connection of a socket that somebody else reads, and leave closing it to him."""
    with socket.socket(fileno=os.dup(descriptor)) as copy:
        copy.shutdown(socket.SHUT_RDWR)


def _psycopg(connection: Any) -> None:
    with contextlib.suppress(Exception):  # it is closed already
        hang_up(connection.fileno())
