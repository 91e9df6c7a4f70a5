"""Several figures of the same rows, read in one pass: one statement, not one for each of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, case, func
from sqlalchemy.ext.asyncio import AsyncSession

from holdfast.errors import UsageError

__all__ = ["count_where", "figures"]


async def figures(session: AsyncSession, query: Select[Any], **wanted: ColumnElement[Any]) -> dict[str, Any]:
    """Return the aggregates `wanted` over the rows of `query`, by name, from one statement.

        await figures(
            session,
            select(Order).where(Order.owner == owner),
            orders=func.count(),
            open=count_where(Order.state == "open"),
            revenue=func.coalesce(func.sum(Order.total), 0),
        )

    What of `query` would not change them (its columns, its order) is left out. Raises UsageError where it is
    grouped, distinct or limited: its rows are no longer those of its tables.
    """
    if not wanted:
        raise UsageError("figures needs one aggregate at least, such as orders=func.count()")
    if query._group_by_clauses or query._distinct or query._limit_clause is not None:
        raise UsageError("figures wants a query that is not grouped, distinct or limited")
    columns = [aggregate.label(name) for name, aggregate in wanted.items()]
    # The tables are kept also where no column of theirs is asked for, as in count(*).
    asked = query.with_only_columns(*columns, maintain_column_froms=True).order_by(None)
    return dict((await session.execute(asked)).one()._mapping)


def count_where(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """Return how many rows meet `condition`, as an aggregate for every database: MySQL has no FILTER."""
    return func.count(case((condition, 1)))
