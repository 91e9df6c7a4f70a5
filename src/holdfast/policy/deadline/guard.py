"""Ending a task's wait when its time is over, and telling that end from any other.

The bookkeeping is that of `asyncio.timeout`: a task counts the cancellations asked of it, and whoever asked
for one takes it back with `uncancel`. If others remain, the task was cancelled by somebody else as well,
and stays so.
"""

from __future__ import annotations

import asyncio
from contextvars import Token
from types import TracebackType
from typing import Self

from holdfast.clock import Now, monotonic
from holdfast.errors import DeadlineExceeded
from holdfast.policy.deadline import ambient
from holdfast.policy.deadline.wheel import Entry, current

__all__ = ["Cut", "Scope", "until", "within"]


class Cut(Entry):
    """Cancels the task that made it at `at`; `stop` says whether a cancellation was this one's.

    `stop` is called exactly once, on every way out:

        cut = Cut(at)
        try:
            answer = await work()
        except asyncio.CancelledError as error:
            if cut.stop(error):
                raise DeadlineExceeded from None
            raise
        except BaseException:
            cut.stop()
            raise
        cut.stop()
    """

    __slots__ = ("_asked", "_task", "fired")

    def __init__(self, at: float) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a deadline cuts a task, and none is running")
        self._task = task
        self._asked = task.cancelling()
        self.fired = False
        current().add(at, self)

    def due(self) -> None:
        """Cancel the task."""
        self.fired = True
        self._task.cancel()

    def stop(self, error: BaseException | None = None) -> bool:
        """Stop watching; return whether `error` is the cancellation of this cut and of nobody else."""
        if not self.fired:
            self._slot.pop(self, None)
            return False
        return self._task.uncancel() <= self._asked and isinstance(error, asyncio.CancelledError)


class Scope:
    """`async with Scope(at):` the block has until `at`, as has everything it calls.

    Raises DeadlineExceeded in place of exactly the cancellation that it caused, and at once where the
    deadline has passed already: work that is too late never starts.
    """

    __slots__ = ("_at", "_cut", "_now", "_token")

    def __init__(self, at: float | None, *, now: Now = monotonic) -> None:
        self._at = at
        self._now = now
        self._cut: Cut | None = None
        self._token: Token[ambient.Frame | None] | None = None

    async def __aenter__(self) -> Self:
        if self._token is not None:
            raise RuntimeError("a deadline scope is entered once")
        token = ambient.tighten(self._at)
        at = ambient.at()
        if at is not None:
            if at <= self._now():
                ambient.restore(token)
                raise DeadlineExceeded
            self._cut = Cut(at)
        self._token = token
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token is not None:
            ambient.restore(self._token)
        if self._cut is not None and self._cut.stop(error):
            raise DeadlineExceeded from error


def until(at: float | None, *, now: Now = monotonic) -> Scope:
    """Return the scope of a block that has until `at`; None leaves what is in force."""
    return Scope(at, now=now)


def within(seconds: float, *, now: Now = monotonic) -> Scope:
    """Return the scope of a block that has `seconds` from now."""
    return Scope(now() + seconds, now=now)
