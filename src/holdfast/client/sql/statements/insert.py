"""Many rows, one statement: INSERT ... RETURNING, in as few statements as the database's limits permit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

__all__ = ["insert_returning"]

T = TypeVar("T")


async def insert_returning(
    session: AsyncSession, model: type[T], rows: Sequence[Mapping[str, Any]], *, ordered: bool = False
) -> list[T]:
    """Insert `rows` and return them as `model`, with what the database filled in.

    One statement for up to 1000 rows and 32,700 parameters (SQLAlchemy's insertmanyvalues), not one a row.
    `ordered`: return them in the order of `rows`; where SQLite makes the keys, that takes a statement a row.
    """
    if not rows:
        return []
    statement = insert(model).returning(model, sort_by_parameter_order=ordered)
    return list(await session.scalars(statement, [dict(row) for row in rows]))
