"""A unit of work of a thread: one session, one transaction, ended before anybody is told of its success."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import TypeVar

from anyio.to_thread import run_sync
from sqlalchemy.orm import Session, sessionmaker

from holdfast.client.sql.watch.reporter import mistake
from holdfast.client.sql.watch.usage import Usage, watched
from holdfast.errors import DeadlineExceeded
from holdfast.loop.offload.threads import OPEN
from holdfast.loop.offload.uncut import uncut
from holdfast.policy.deadline import remaining

__all__ = ["blocking_unit", "lent_unit"]

T = TypeVar("T")


@contextmanager
def blocking_unit(
    sessions: sessionmaker[Session], *, strict: bool = False, committed: Callable[[], None] | None = None
) -> Iterator[Session]:
    """Yield a session to a thread; commit at the end of the block, roll back where it raises.

    `strict`: what was seen of the block that would hurt in production is raised as UsageError, and nothing is
    committed. `committed`: called after the commit. Raises DeadlineExceeded for a commit that would begin
    after the deadline.
    """
    session = sessions()
    with watched(strict=strict) as usage:
        try:
            yield session
            _finish(session, usage, strict)
            if committed is not None:
                committed()
        finally:
            session.close()


@asynccontextmanager
async def lent_unit(
    sessions: sessionmaker[Session], *, strict: bool, committed: Callable[[], Awaitable[None]] | None = None
) -> AsyncIterator[Session]:
    """The same on a loop, which lends the session to a thread, as to a `def` route.

    It is ended in a thread that needs no slot: whoever holds a connection is never kept from giving it back
    by those that hold all threads and wait for one. `committed`: awaited after the commit.
    """
    session = sessions()
    with watched(strict=strict) as usage:
        try:
            yield session
            if session.in_transaction() or usage.seen:
                await _threaded(partial(_finish, session, usage, strict))
            if committed is not None:
                await committed()
        finally:
            if session.in_transaction():
                await _threaded(session.close)
            else:
                session.close()


def _finish(session: Session, usage: Usage, strict: bool) -> None:
    if strict and usage.seen:
        raise mistake(usage.seen[0])
    if session.in_transaction():
        if remaining() == 0:
            raise DeadlineExceeded
        session.commit()


async def _threaded(func: Callable[[], T]) -> T:
    """Run `func` in a thread to its end, whoever cancels meanwhile."""
    return await uncut(run_sync(func, limiter=OPEN))
