"""SQL: SQLAlchemy engines and sessions with a dependency's policies in their pool. Needs the extra `sql`."""

from __future__ import annotations

try:
    import sqlalchemy.ext.asyncio as _sqlalchemy  # noqa: F401 - to say what is missing before anything else
except ImportError as error:  # pragma: no cover - the extra is installed where the tests run
    from holdfast.errors import UsageError

    raise UsageError('a SQL dependency needs SQLAlchemy: pip install "holdfast[sql]"') from error

from holdfast.client.sql.blocking import BlockingDatabase, blocking_database
from holdfast.client.sql.database import Database, database
from holdfast.client.sql.replica import following
from holdfast.client.sql.statements.figures import count_where, figures
from holdfast.client.sql.statements.insert import insert_returning
from holdfast.client.sql.statements.keyset import Page, page
from holdfast.client.sql.statements.lock import lock_rows
from holdfast.client.sql.statements.rows import stream_rows

__all__ = [
    "BlockingDatabase",
    "Database",
    "Page",
    "blocking_database",
    "count_where",
    "database",
    "figures",
    "following",
    "insert_returning",
    "lock_rows",
    "page",
    "stream_rows",
]
