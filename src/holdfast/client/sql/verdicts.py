"""What an error of the database says of it, and of another attempt."""

from __future__ import annotations

from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from holdfast.policy.call.judge import Judge, Verdict
from holdfast.policy.outcome import Outcome

__all__ = ["judge_checkout", "judge_statement", "judge_transaction", "sqlstate"]

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_CONNECTING = ("08", "53", "57P")
"""Connection exceptions, insufficient resources (too many connections), shut down or starting."""

_RESTART = {"40001": "serialization failure", "40P01": "deadlock"}
"""The database undid the transaction and asks for all of it again."""

_CANCELLED = "57014"
"""query_canceled: what statement_timeout ends with."""

# https://mariadb.com/kb/en/mariadb-error-codes/,
# https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
_CONNECTING_MYSQL = frozenset({1040, 1053, 1203, 1226, 2002, 2003, 2006, 2013})
"""Too many connections, shutting down; and the client's: not there, gone, lost."""

_RESTART_MYSQL = {1213: "deadlock", 1205: "lock wait timeout", 1020: "serialization failure"}
"""Deadlock, lock wait timeout exceeded, record has changed since last read (MariaDB)."""

_CANCELLED_MYSQL = frozenset({1317, 1969, 3024})
"""Interrupted (KILL QUERY), max_statement_time exceeded (MariaDB), max_execution_time exceeded (MySQL)."""

_BUSY = ("database is locked", "database table is locked")
"""SQLite's SQLITE_BUSY and SQLITE_LOCKED: somebody else writes."""


def sqlstate(error: BaseException) -> str:
    """Return the SQLSTATE of a driver's error, also one that SQLAlchemy has wrapped; "" where it has none."""
    return str(getattr(_driver_error(error), "sqlstate", None) or "")


def _errno(error: BaseException) -> int:
    """Return the number of a MySQL driver's error; 0 where it has none."""
    args = _driver_error(error).args
    return args[0] if args and isinstance(args[0], int) else 0


def _driver_error(error: BaseException) -> BaseException:
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def _nothing_wrong(result: object) -> Verdict | None:
    return None


def _checkout(error: Exception) -> Verdict:
    """Every error of a checkout is the database's, but for the wait for a place in our own pool."""
    if isinstance(error, PoolTimeout):
        return Verdict("pool", Outcome.IGNORED, retryable=False)
    if isinstance(error, TimeoutError):
        return Verdict("timeout")
    if isinstance(error, OSError) or sqlstate(error).startswith(_CONNECTING):
        return Verdict("connect")
    if _errno(error) in _CONNECTING_MYSQL:
        return Verdict("connect")
    if _unreachable(error):
        return Verdict("connect")
    # A wrong password, a database that is not there: it cannot be used, and another attempt changes nothing.
    return Verdict(type(error).__name__, retryable=False)


def _unreachable(error: Exception) -> bool:
    """Whether a driver without a code for it tells that there was nobody to connect to.

    libpq's words are no interface, but "FATAL" is always in what a server answered. The name of the class is
    that of PEP 249, in every driver.
    """
    named = any(base.__name__ == "OperationalError" for base in type(error).__mro__)
    return named and not sqlstate(error) and not _errno(error) and "FATAL" not in str(error)


judge_checkout: Judge[Any] = Judge(_nothing_wrong, _checkout)
"""For a pipeline around the checkout of a connection."""


def judge_statement(error: BaseException, *, lost: bool) -> Verdict | None:
    """Return why a statement means that the database cannot be used; None for an error of its own.

    `lost`: SQLAlchemy takes the connection for gone.
    """
    if not isinstance(error, Exception):
        return None  # cancelled
    if isinstance(error, TimeoutError) or sqlstate(error) == _CANCELLED or _errno(error) in _CANCELLED_MYSQL:
        return Verdict("timeout")
    return Verdict("reset") if lost else None


def judge_transaction(error: BaseException) -> Verdict | None:
    """Return why the whole transaction may be tried again, None if another attempt makes no sense."""
    if isinstance(error, DBAPIError):
        if why := _RESTART.get(sqlstate(error)) or _RESTART_MYSQL.get(_errno(error)):
            return Verdict(why, Outcome.IGNORED)
        if any(words in str(error.orig) for words in _BUSY):
            return Verdict("locked", Outcome.IGNORED)
    return None
