"""The table of the SQL store, for whoever makes tables: `create_tables()`, or Alembic by its metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.errors import UsageError
from holdfast.policy.idempotency.key import LONGEST

if TYPE_CHECKING:
    from sqlalchemy import MetaData, Table

__all__ = ["NAME", "idempotency_table"]

NAME = "holdfast_idempotency"


def idempotency_table(metadata: MetaData | None = None, *, schema: str | None = None) -> Table:
    """Return the table, added to `metadata` unless it is there: Alembic sees it in its `target_metadata`.

    Raises UsageError when holdfast[sql] is not installed.
    """
    try:
        import sqlalchemy as sa
    except ImportError:
        raise UsageError(
            "keys in SQL need SQLAlchemy: pip install 'holdfast[sql]'", place="sqlalchemy"
        ) from None
    metadata = sa.MetaData() if metadata is None else metadata
    known = metadata.tables.get(NAME if schema is None else f"{schema}.{NAME}")
    if known is not None:
        return known
    return sa.Table(
        NAME,
        metadata,
        sa.Column("tenant", sa.String(LONGEST), primary_key=True),
        sa.Column("key", sa.String(LONGEST), primary_key=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(32), nullable=False),
        sa.Column("repeatable", sa.Boolean, nullable=False),
        sa.Column("route", sa.String(255), nullable=False),
        # Seconds since the epoch by the database's clock.
        sa.Column("lease", sa.Double, nullable=False),
        sa.Column("expires", sa.Double, nullable=False, index=True),
        sa.Column("answer", sa.LargeBinary, nullable=True),
        schema=schema,
    )
