"""A unit of work: one session, one transaction, ended before anybody is told that it succeeded."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from holdfast.client.sql.watch.reporter import mistake
from holdfast.client.sql.watch.usage import watched
from holdfast.errors import DeadlineExceeded
from holdfast.policy.deadline import remaining, shield

__all__ = ["unit_of_work"]


@asynccontextmanager
async def unit_of_work(
    sessions: async_sessionmaker[AsyncSession],
    *,
    strict: bool = False,
    committed: Callable[[], Awaitable[None]] | None = None,
) -> AsyncIterator[AsyncSession]:
    """Yield a session; commit at the end of the block, roll back where it raises or is cancelled.

    A commit that has begun is not cut in the middle, or nobody would know what became of it; one that would
    begin after the deadline does not. Rolling back is not cut either: the connection goes back as it came.
    `strict`: what was seen of the block that would hurt in production is raised as UsageError, and nothing is
    committed. `committed`: awaited after the commit, before anybody is told. Raises DeadlineExceeded, and
    what the block, the commit or the database raise.
    """
    session = sessions()
    with watched(strict=strict) as usage:
        try:
            yield session
            if strict and usage.seen:
                raise mistake(usage.seen[0])
            if session.in_transaction():
                if remaining() == 0:
                    raise DeadlineExceeded
                await shield(session.commit())
            if committed is not None:
                await committed()
        finally:
            if session.in_transaction():
                await shield(session.close())
            else:
                await session.close()
