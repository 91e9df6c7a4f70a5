"""Stopping the statement that a thread waits for: threads cannot be cancelled, statements can."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.engine import URL

from holdfast.client.sql.blocking.ping import hang_up

__all__ = ["Interrupt", "interrupt_of"]

Interrupt = Callable[[Any], None]
"""`interrupt(connection)`, from any thread: what runs on the driver's connection ends with an error."""


def interrupt_of(url: URL, engine: Engine, seconds: float | None) -> Interrupt:
    """Return how the driver of `url` does it; `seconds`: what the server may take to hear of it."""
    limit = seconds or _SECONDS
    known: dict[str, Interrupt] = {
        "psycopg": lambda connection: _psycopg(connection, limit),
        "pysqlite": _sqlite,
        "pymysql": lambda connection: _pymysql(connection, engine),
    }
    return known.get(url.get_driver_name(), _nothing)


def _psycopg(connection: Any, seconds: float) -> None:
    """Send a cancel; where the server is gone, wake the thread that waits for it."""
    try:
        connection.cancel_safe(timeout=seconds)
    except Exception:  # noqa: BLE001 - whatever it is, nobody waits for the server any more
        with contextlib.suppress(Exception):
            hang_up(connection.fileno())


def _sqlite(connection: Any) -> None:
    connection.interrupt()


def _pymysql(connection: Any, engine: Engine) -> None:
    """Kill the statement through a connection of its own, beside the pool; MySQL has no other way."""
    try:
        arguments, options = engine.dialect.create_connect_args(engine.url)
        with contextlib.closing(engine.dialect.loaded_dbapi.connect(*arguments, **options)) as other:
            other.cursor().execute(f"KILL QUERY {connection.thread_id():d}")
    except Exception:  # noqa: BLE001 - as above
        with contextlib.suppress(Exception):
            hang_up(connection._sock.fileno())


def _nothing(connection: Any) -> None:
    """A driver that is not known: the server's own limit has to do."""


_SECONDS = 5.0
"""Where the budget has no timeout.connect: libpq's own patience is without end."""
