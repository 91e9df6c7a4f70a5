"""What each driver calls the limits of a connection and of a statement."""

from __future__ import annotations

import math
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import URL

from holdfast.client.sql.config import SqlConfig

__all__ = ["connect_args", "limit_statements"]


def connect_args(url: URL, config: SqlConfig) -> dict[str, Any]:
    """Return the driver's own arguments.

    The server stops a statement after `statement` seconds, and so does the client, which sends a cancel: the
    server's limit holds for a client that is gone, the client's for a server that is. Through PgBouncer a
    server cannot be told (it would refuse the parameter, and a SET would meet whoever comes next), and no
    statement keeps a name, which another connection would not know.
    """
    known = {
        "asyncpg": _asyncpg,
        "psycopg": _psycopg,
        "aiosqlite": _sqlite,
        "pysqlite": _sqlite,
        "asyncmy": _asyncmy,
        "aiomysql": _aiomysql,
        "pymysql": _pymysql,
    }
    of = known.get(url.get_driver_name())
    return {} if of is None else of(config)


def limit_statements(engine: Engine, config: SqlConfig) -> None:
    """Have the server stop statements where its limit is no argument of a connection: MySQL and MariaDB."""
    if engine.dialect.name not in ("mysql", "mariadb") or config.statement is None:
        return
    seconds, milliseconds = config.statement, _milliseconds(config.statement)

    def limit(connection: Any, record: object) -> None:
        cursor = connection.cursor()
        try:
            # The one knows the comment of the other for a comment.
            # https://mariadb.com/kb/en/comment-syntax/, https://dev.mysql.com/doc/refman/8.4/en/comments.html
            cursor.execute("SELECT VERSION()")
            (version,) = cursor.fetchone()
            if "mariadb" in str(version).lower():
                cursor.execute(f"SET SESSION max_statement_time = {seconds:.3f}")
            else:
                cursor.execute(f"SET SESSION max_execution_time = {milliseconds:d}")
        finally:
            cursor.close()

    event.listen(engine, "connect", limit)


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
    if config.statement is not None:
        # What was sent and is not acknowledged: the client's limit for a server that is gone.
        args["tcp_user_timeout"] = _milliseconds(config.statement)
        if not config.pgbouncer:
            args["options"] = f"-c statement_timeout={_milliseconds(config.statement)}"
    if config.pgbouncer:
        args["prepare_threshold"] = None
    return args


def _sqlite(config: SqlConfig) -> dict[str, Any]:
    """Return how long a writer waits for another one; SQLite knows no other limit."""
    return {} if config.statement is None else {"timeout": config.statement}


def _asyncmy(config: SqlConfig) -> dict[str, Any]:
    """Return what the driver knows: whole seconds, and a little later than the server, which is exact."""
    args = _aiomysql(config)
    if config.statement is not None:
        args["read_timeout"] = math.ceil(config.statement) + 1
    return args


def _aiomysql(config: SqlConfig) -> dict[str, Any]:
    return {} if config.connect is None else {"connect_timeout": max(1, math.ceil(config.connect))}


def _pymysql(config: SqlConfig) -> dict[str, Any]:
    args = _asyncmy(config)
    if "read_timeout" in args:
        args["write_timeout"] = args["read_timeout"]
    return args


def _milliseconds(seconds: float) -> int:
    return max(1, math.ceil(seconds * 1000))
