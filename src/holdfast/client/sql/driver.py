"""What each driver calls the limits of a connection and of a statement."""

from __future__ import annotations

import math
from typing import Any

from sqlalchemy.engine import URL

from holdfast.client.sql.config import SqlConfig

__all__ = ["connect_args"]


def connect_args(url: URL, config: SqlConfig) -> dict[str, Any]:
    """Return the driver's own arguments.

    The server stops a statement after `statement` seconds, and so does the client, which sends a cancel: the
    server's limit holds for a client that is gone, the client's for a server that is. Through PgBouncer a
    server cannot be told (it would refuse the parameter, and a SET would meet whoever comes next), and no
    statement keeps a name, which another connection would not know.
    """
    known = {"asyncpg": _asyncpg, "psycopg": _psycopg, "aiosqlite": _aiosqlite}
    of = known.get(url.get_driver_name())
    return {} if of is None else of(config)


def _asyncpg(config: SqlConfig) -> dict[str, Any]:
    args: dict[str, Any] = {}
    if config.connect is not None:
        args["timeout"] = config.connect
    if config.statement is not None:
        args["command_timeout"] = config.statement
        if not config.pgbouncer:
            args["server_settings"] = {"statement_timeout": str(_milliseconds(config.statement))}
    if config.pgbouncer:
        args |= {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": str,  # str() is "": the unnamed statement
        }
    return args


def _psycopg(config: SqlConfig) -> dict[str, Any]:
    args: dict[str, Any] = {}
    if config.connect is not None:
        args["connect_timeout"] = max(2, math.ceil(config.connect))  # whole seconds; libpq knows none below 2
    if config.statement is not None and not config.pgbouncer:
        args["options"] = f"-c statement_timeout={_milliseconds(config.statement)}"
    if config.pgbouncer:
        args["prepare_threshold"] = None
    return args


def _aiosqlite(config: SqlConfig) -> dict[str, Any]:
    """Return how long a writer waits for another one; SQLite knows no other limit."""
    return {} if config.statement is None else {"timeout": config.statement}


def _milliseconds(seconds: float) -> int:
    return max(1, math.ceil(seconds * 1000))
