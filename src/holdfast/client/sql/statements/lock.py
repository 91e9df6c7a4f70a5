"""Locks in one order: two transactions that want the same rows wait for each other, and never in a circle."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from sqlalchemy import inspect, select
from sqlalchemy.ext.asyncio import AsyncSession

from holdfast.errors import UsageError

__all__ = ["lock_rows"]

T = TypeVar("T")


async def lock_rows(
    session: AsyncSession,
    model: type[T],
    keys: Iterable[Any],
    *,
    nowait: bool = False,
    key_share: bool = False,
) -> list[T]:
    """Lock the rows with these primary keys for the transaction; return those that exist, by key.

    SELECT ... ORDER BY key FOR [NO KEY] UPDATE, so that all lock in the same order. `nowait`: raise at once
    where somebody holds one; `key_share`: rows that refer to them may be inserted meanwhile. SQLite has no
    row locks: there the first write locks the file. Raises UsageError for a key of several columns.
    """
    primary = inspect(model).primary_key
    if len(primary) != 1:
        raise UsageError(f"{model.__name__} has a key of {len(primary)} columns, expected one")
    (key,) = primary
    wanted = select(model).where(key.in_(set(keys))).order_by(key)
    locked = wanted.with_for_update(nowait=nowait, key_share=key_share)
    # What the session had of them before may be older than the lock.
    return list(await session.scalars(locked.execution_options(populate_existing=True)))
