"""A whole transaction, again: what deadlocks and serialization failures ask for.

The database has undone everything, so that one statement cannot be repeated: all of them are, from the first
read on, in a new session. The retries are those of the budget, within its ratio and before the deadline.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from holdfast.policy.call.pipeline import Pipeline

__all__ = ["Work", "in_transaction"]

T = TypeVar("T")

Work = Callable[[AsyncSession], Awaitable[T]]
"""What a transaction does. It may run more than once, so that whatever it does outside of its session has to
be harmless when repeated."""


async def in_transaction(
    again: Pipeline[Any],
    unit: Callable[[], AbstractAsyncContextManager[AsyncSession]],
    work: Work[T],
    isolation: str | None,
) -> T:
    """Return what `work(session)` returned in the attempt that was committed.

    `again`: the retries; `unit` opens the session of each attempt. The checkout of each goes through the
    policies as ever. `isolation`: "SERIALIZABLE" and its like, instead of the database's own. Raises
    CallFailed (503) with the cause "deadlock", "serialization failure" or "locked" where none is left.
    """

    async def attempt(left: float | None) -> T:
        async with unit() as session:
            if isolation is not None:
                await session.connection(execution_options={"isolation_level": isolation})
            return await work(session)

    done: T = await again.call(attempt, idempotent=True)
    return done
