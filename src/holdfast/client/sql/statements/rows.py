"""Rows as they come: a result of any size in bounded memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, TypeVar

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

__all__ = ["stream_rows"]

T = TypeVar("T")


async def stream_rows(session: AsyncSession, query: Select[T], *, at_once: int = 500) -> AsyncIterator[T]:
    """Yield the rows of `query`, `at_once` in memory at a time, by a cursor at the server.

    The connection is held until the last row: for exports from a session that `db.begin()` opened within the
    stream, never from a route's own, which is back before the stream begins. Closed early it is given back:
    wrap it in `contextlib.aclosing` where it may be left in the middle.
    """
    options: dict[str, Any] = {"yield_per": at_once}
    result = await session.stream_scalars(query.execution_options(**options))
    try:
        async for row in result:
            yield row
    finally:
        await result.close()
