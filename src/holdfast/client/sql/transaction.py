"""A whole transaction, again: what deadlocks and serialization failures ask for.

The database has undone everything, so that one statement cannot be repeated: all of them are, from the first
read on, in a new session. The retries are those of the budget, within its ratio and before the deadline.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from holdfast.client.sql.unit import unit_of_work
from holdfast.client.sql.verdicts import judge_transaction
from holdfast.events import Bus, RetryDecided
from holdfast.policy.call.config import CallConfig
from holdfast.policy.call.judge import Judge
from holdfast.policy.call.pipeline import Pipeline

__all__ = ["Transactions", "Work"]

T = TypeVar("T")

Work = Callable[[AsyncSession], Awaitable[T]]
"""What a transaction does. It may run more than once, so that whatever it does outside of its session has to
be harmless when repeated."""

_JUDGE: Judge[Any] = Judge(lambda result: None, judge_transaction)


class Transactions:
    """Of one loop. The checkout of each attempt goes through the policies as ever, but for retries."""

    __slots__ = ("_pipeline", "_sessions", "_strict")

    def __init__(
        self,
        config: CallConfig,
        sessions: async_sessionmaker[AsyncSession],
        *,
        bus: Bus,
        strict: bool = False,
        **options: Any,
    ) -> None:
        # Calls are the checkouts, which report themselves; of a transaction only its retries are news.
        retries = Bus()
        retries.subscribe(RetryDecided, bus.emit)
        again = CallConfig(config.dependency, retry=config.retry)
        self._pipeline: Pipeline[Any] = Pipeline(again, _JUDGE, bus=retries, **options)
        self._sessions = sessions
        self._strict = strict

    async def run(self, work: Work[T], isolation: str | None = None) -> T:
        """Return what `work(session)` returned in the attempt that was committed.

        `isolation`: "SERIALIZABLE" and its like, instead of the database's own. Raises CallFailed (503) with
        the cause "deadlock", "serialization failure" or "locked" where no attempt is left.
        """

        async def attempt(left: float | None) -> T:
            async with unit_of_work(self._sessions, strict=self._strict) as session:
                if isolation is not None:
                    await session.connection(execution_options={"isolation_level": isolation})
                return await work(session)

        done: T = await self._pipeline.call(attempt, idempotent=True)
        return done
