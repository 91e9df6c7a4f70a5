"""Two attempts at once: the first answer wins, and the other is cancelled and gone before it is returned.

Until the first attempt is late it runs in the caller's own task, and costs one timer. Then the second gets a
task of its own; when that is first, it cancels the caller's task, which takes the cancellation back: the
bookkeeping is that of `policy.deadline.guard`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from typing import Any, Generic, TypeVar

from holdfast.clock import Now, monotonic
from holdfast.policy.deadline.wheel import Entry, current
from holdfast.policy.hedge.config import HedgeConfig
from holdfast.policy.hedge.core import Percentile
from holdfast.policy.retry import layer

__all__ = ["HedgeGuard"]

T = TypeVar("T")

Start = Callable[[float], Coroutine[Any, Any, T]]
"""Makes an attempt that begins now."""


class HedgeGuard:
    """Belongs to one loop. `fund(now)` takes one attempt from the retry budget if there is one."""

    __slots__ = ("_fund", "_now", "latency")

    def __init__(self, config: HedgeConfig, fund: Callable[[float], bool], *, now: Now = monotonic) -> None:
        self._fund = fund
        self._now = now
        self.latency = Percentile(config)

    async def attempt(self, start: Start[T], now: float) -> T:
        """Return the first answer of one attempt, or of two; where both fail, raise as the first did.

        The second begins when the first has taken as long as the percentile, a tick of the wheel later at
        most, and is marked as a retry for the layers below.
        """
        late = self.latency.value
        if late is None:
            result = await start(now)
        else:
            result = await _Race(now + late, start, self._fund, self._now).run(now)
        # Of a first attempt that lost it is known that it took longer than this.
        self.latency.add(self._now() - now)
        return result


class _Race(Entry, Generic[T]):
    __slots__ = ("_asked", "_context", "_fund", "_now", "_second", "_start", "_task", "_won")

    def __init__(self, at: float, start: Start[T], fund: Callable[[float], bool], now: Now) -> None:
        super().__init__()
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine that awaits is in one
        self._task = task
        self._asked = task.cancelling()
        self._start = start
        self._fund = fund
        self._now = now
        self._context: Context = copy_context()  # the wheel calls in whatever context armed its timer
        self._second: asyncio.Task[T] | None = None
        self._won = False
        current().add(at, self)

    def due(self) -> None:
        """The first attempt is late."""
        now = self._now()
        if self._fund(now):
            self._context.run(layer.retried, 2)
            second = asyncio.get_running_loop().create_task(self._start(now), context=self._context)
            self._second = second
            second.add_done_callback(self._answered)

    def _answered(self, second: asyncio.Task[T]) -> None:
        if not second.cancelled() and second.exception() is None and self._second is second:
            self._won = True
            self._task.cancel()

    async def run(self, now: float) -> T:
        """Return the answer of whichever has one first."""
        try:
            result = await self._start(now)
        except asyncio.CancelledError:
            if self._beaten() and self._second is not None:
                return self._second.result()
            await self._abandon()
            raise
        except BaseException:
            self._beaten()
            second, self._second = self._second, None
            if second is not None:
                await _ended(second)
                if not second.cancelled() and second.exception() is None:
                    return second.result()
            raise
        self._beaten()
        await self._abandon()
        return result

    def _beaten(self) -> bool:
        """Wait no longer; return whether the second attempt asked for the cancellation, and nobody else."""
        self.cancel()
        return self._won and self._task.uncancel() <= self._asked

    async def _abandon(self) -> None:
        second, self._second = self._second, None
        if second is not None:
            second.cancel()
            await _gone(second)


async def _ended(task: asyncio.Task[Any]) -> None:
    """Wait for the end of `task`; cancelled meanwhile, it is cancelled too, and gone first."""
    try:
        await asyncio.wait((task,))
    except asyncio.CancelledError:
        task.cancel()
        await _gone(task)
        raise


async def _gone(task: asyncio.Task[Any]) -> None:
    """Wait until `task` has ended, whoever cancels this one meanwhile."""
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError as error:
            cancelled = error
    if not task.cancelled():
        task.exception()  # seen, so that nobody is told that it never was
    if cancelled is not None:
        raise cancelled
