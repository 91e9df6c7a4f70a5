"""Keyset pagination: the page after a row, at the cost of a page, however far in.

OFFSET reads and throws away all that comes before, and shows rows twice or never where others come and go
between two pages. Here the next page begins after the last row that was seen, by the order's own columns.
Source: Winand, "Paging Through Results" (https://use-the-index-luke.com/no-offset).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from holdfast.errors import UsageError

__all__ = ["Page", "page"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """`rows` in order; `after`: what to ask for the next page with, None where this is the last."""

    rows: list[T]
    after: tuple[Any, ...] | None


async def page(
    session: AsyncSession,
    query: Select[T],
    by: Sequence[InstrumentedAttribute[Any]],
    *,
    size: int,
    after: tuple[Any, ...] | None = None,
    descending: bool = False,
) -> Page[T]:
    """Return the `size` rows of `query` that follow `after`, ordered by the columns `by`.

    `by` ends with a column that is unique, or rows that are equal in all of them are lost between two pages,
    and an index on exactly these columns makes it one range scan. None of them may be NULL. Raises UsageError
    where `after` does not fit `by`.
    """
    if size < 1 or not by:
        raise UsageError(f"a page needs at least one row and one column, not {size} and {len(by)}")
    if after is not None:
        if len(after) != len(by):
            raise UsageError(f"after has {len(after)} values for {len(by)} columns")
        place = tuple_(*by)
        query = query.where(place < after if descending else place > after)
    order = [column.desc() if descending else column.asc() for column in by]
    # One more than asked for: whether there is a next page is then known without a count.
    found = list(await session.scalars(query.order_by(None).order_by(*order).limit(size + 1)))
    rows = found[:size]
    last = tuple(getattr(rows[-1], column.key) for column in by) if len(found) > size else None
    return Page(rows, last)
