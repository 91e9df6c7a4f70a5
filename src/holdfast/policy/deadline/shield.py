"""What must finish: it is not cut in the middle, whoever cancels the task that awaits it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextvars import copy_context
from typing import TypeVar

from holdfast.clock import Now, monotonic
from holdfast.policy.deadline import ambient
from holdfast.policy.deadline.guard import until

__all__ = ["shield"]

T = TypeVar("T")


async def shield(work: Awaitable[T], *, at_most: float | None = None, now: Now = monotonic) -> T:
    """Await `work` to its end, also when this task is cancelled meanwhile; then the cancellation goes on.

    `work` runs in a task of its own, with no deadline in force, or with `at_most` seconds from now: then it
    raises DeadlineExceeded. Unlike `asyncio.shield` this never returns before `work` has ended: what `work`
    uses, as a session for its commit, is not closed under it. The caller of a request that is late has the
    504 meanwhile; the request keeps its permit, so that no more of them add up than admission allows.

    An error of `work` is raised; where a cancellation came meanwhile, it is the cancellation's cause.
    """
    context = copy_context()
    at = None if at_most is None else now() + at_most
    context.run(ambient.replace, at)
    running = asyncio.get_running_loop().create_task(_within(at, work, now), context=context)
    cancelled: asyncio.CancelledError | None = None
    while not running.done():
        try:
            await asyncio.wait((running,))
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is None:
        return await running
    raise cancelled from (None if running.cancelled() else running.exception())


async def _within(at: float | None, work: Awaitable[T], now: Now) -> T:
    async with until(at, now=now):
        return await work
