"""Whether an error says something of the database, or of what it was asked.

SQLAlchemy's classes do not tell: "no such table" of SQLite is an OperationalError like "database is locked",
and "too many clients" of asyncpg is of no class at all. The databases' own codes do.
"""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

__all__ = ["interrupted"]

_STATES = ("08", "40", "53", "57", "58", "55P03")
"""SQLSTATEs that begin so: connection, serialization and deadlock, resources, operator intervention
(shutdown, starting up, a statement that took too long), system, a lock that was not to be had.
https://www.postgresql.org/docs/current/errcodes-appendix.html"""

_NAMES = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_FULL", "SQLITE_PROTOCOL")
"""SQLite's names that begin so. https://www.sqlite.org/rescode.html"""

_INVALID = "8s2b"
"""A connection that went away is used on in the same transaction. https://sqlalche.me/e/20/8s2b"""


def interrupted(error: BaseException) -> bool:
    """Whether `error` says that the database could not be reached, went away, or had no room or lock to give.

    Then a transaction was not committed for a reason that may be gone a moment later. Not so what fails again
    however often it is asked: a constraint, a wrong value, a wrong statement.
    """
    exc: Any = sys.modules.get("sqlalchemy.exc")  # whoever raised one of its errors has imported it
    if exc is None:
        return False
    if isinstance(error, OSError):
        return _while_asked(error.__traceback__)  # drivers let those of a connect through as they are
    if isinstance(error, exc.PendingRollbackError):
        return bool(error.code == _INVALID)
    if isinstance(error, exc.TimeoutError):
        return True  # no connection of the pool came free
    return isinstance(error, exc.DBAPIError) and (error.connection_invalidated or _by_code(error, exc))


def _by_code(error: Any, exc: Any) -> bool:
    for told in (error.orig, getattr(error.orig, "__cause__", None)):
        if state := getattr(told, "sqlstate", None):
            return str(state).startswith(_STATES)
        if name := getattr(told, "sqlite_errorname", None):
            return str(name).startswith(_NAMES)
    return isinstance(error, exc.OperationalError)


def _while_asked(trace: TracebackType | None) -> bool:
    """Whether SQLAlchemy was at work."""
    while trace is not None:
        if str(trace.tb_frame.f_globals.get("__name__", "")).startswith("sqlalchemy."):
            return True
        trace = trace.tb_next
    return False
