"""Threads: at most so many at a time, however their callers end."""

from __future__ import annotations

import asyncio
import math
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any, ParamSpec, Self, TypeVar

import anyio
import anyio.to_thread

from holdfast.loop.offload.slots import Slots
from holdfast.loop.offload.uncut import uncut
from holdfast.policy.deadline.guard import until

__all__ = ["OPEN", "THREADS", "Threads", "current", "to_thread"]

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 40
"""AnyIO's own number: https://anyio.readthedocs.io/en/stable/threads.html"""

_run_sync = anyio.to_thread.run_sync  # the library's own, whatever is put in its place later


class Threads(anyio.CapacityLimiter):
    """The threads of one loop, with the face of AnyIO's limiter, which it stands in for (`installed`).

    A slot is held until the thread has ended. Who waits for one is refused beyond `queue`, and never starts
    once the deadline in force has passed.
    """

    def __new__(cls, total: int = THREADS, queue: int | None = None) -> Self:
        """Make one of its own: the base class would ask the backend for AnyIO's."""
        return object.__new__(cls)

    def __init__(self, total: int = THREADS, queue: int | None = None) -> None:
        self.slots = Slots("threads", total, queue)
        self._borrowers: set[object] = set()
        self._left_behind: set[asyncio.Task[Any]] = set()

    async def run(self, func: Callable[..., T], *args: Any) -> T:
        """Run `func(*args)` in a thread and await its end, also when cancelled: as Starlette's calls are.

        What the thread was lent is still in use until then: a `def` endpoint's session must not be closed
        under it. The deadline is not asked: while it counts, the door ends the wait for a slot when it
        passes; afterwards, for a background task or what a stream still sends, it does not count.
        """
        slots = self.slots
        if not slots.try_take():
            await slots.take(late_too=True)
        try:
            return await uncut(_run_sync(func, *args, limiter=OPEN))
        finally:
            slots.give()

    async def leave_behind(self, func: Callable[..., T], *args: Any) -> T:
        """Run `func(*args)` in a thread; cancelled, do not await it. Its slot is held until it ends.

        The thread is told: `anyio.from_thread.check_cancelled()` raises in it.
        """
        slots = self.slots
        await slots.take()
        scope = anyio.CancelScope()

        async def conduct() -> T:
            try:
                with scope:
                    return await uncut(_run_sync(func, *args, limiter=OPEN))
                raise asyncio.CancelledError
            finally:
                slots.give()

        running = asyncio.ensure_future(conduct())
        self._left_behind.add(running)
        running.add_done_callback(self._forget)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            scope.cancel()
            raise

    async def ended(self) -> None:
        """Wait until no thread is left whose caller has gone."""
        while self._left_behind:
            await asyncio.wait(self._left_behind)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._left_behind.discard(task)
        if not task.cancelled():
            task.exception()  # its caller has gone, or has had it

    # AnyIO's limiter: `anyio.to_thread.current_default_thread_limiter()` returns this object.

    @property
    def total_tokens(self) -> float:
        """How many threads there may be; may be set, as with AnyIO's."""
        return math.inf if self.slots.total == sys.maxsize else self.slots.total

    @total_tokens.setter
    def total_tokens(self, value: float) -> None:
        if not isinstance(value, int) and not math.isinf(value):
            raise TypeError("total_tokens must be an int or math.inf")
        self.slots.total = sys.maxsize if isinstance(value, float) else value

    @property
    def borrowed_tokens(self) -> int:
        """Slots in use."""
        return self.slots.used

    @property
    def available_tokens(self) -> float:
        """Slots that are free."""
        return self.total_tokens - self.slots.used

    def acquire_nowait(self) -> None:
        """Take a slot for the running task, or raise WouldBlock."""
        self.acquire_on_behalf_of_nowait(asyncio.current_task())

    def acquire_on_behalf_of_nowait(self, borrower: object) -> None:
        """Take a slot for `borrower`, or raise WouldBlock."""
        self._first(borrower)
        if not self.slots.try_take():
            raise anyio.WouldBlock
        self._borrowers.add(borrower)

    async def acquire(self) -> None:
        """Take a slot for the running task, waiting if need be."""
        await self.acquire_on_behalf_of(asyncio.current_task())

    async def acquire_on_behalf_of(self, borrower: object) -> None:
        """Take a slot for `borrower`, waiting if need be."""
        self._first(borrower)
        await self.slots.take()
        self._borrowers.add(borrower)

    def release(self) -> None:
        """Give back the slot of the running task."""
        self.release_on_behalf_of(asyncio.current_task())

    def release_on_behalf_of(self, borrower: object) -> None:
        """Give back the slot of `borrower`."""
        if borrower not in self._borrowers:
            raise RuntimeError("this borrower isn't holding any of this CapacityLimiter's tokens")
        self._borrowers.discard(borrower)
        self.slots.give()

    def statistics(self) -> anyio.CapacityLimiterStatistics:
        """Return AnyIO's picture of it; borrowers are those who took a slot by themselves."""
        return anyio.CapacityLimiterStatistics(
            self.slots.used, self.total_tokens, tuple(self._borrowers), self.slots.waiting
        )

    async def __aenter__(self) -> None:
        await self.acquire()

    async def __aexit__(self, *_: object) -> None:
        self.release()

    def _first(self, borrower: object) -> None:
        if borrower in self._borrowers:
            raise RuntimeError("this borrower is already holding one of this CapacityLimiter's tokens")


class _Open(anyio.CapacityLimiter):
    """Lets everybody in at once: the slot is taken already."""

    def __new__(cls) -> Self:
        return object.__new__(cls)

    def __init__(self) -> None:
        pass

    async def __aenter__(self) -> None:
        pass

    async def __aexit__(self, *_: object) -> None:
        pass


OPEN = _Open()
"""The limiter for AnyIO's calls whose slot is taken already."""

_of: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Threads] = weakref.WeakKeyDictionary()
_making = threading.Lock()


def current(total: int | None = None, queue: int | None = None) -> Threads:
    """Return the threads of the running loop, made when first asked for.

    With `total` they are given that number and `queue`, also when they were made before.
    """
    loop = asyncio.get_running_loop()
    threads = _of.get(loop)
    if threads is None:
        with _making:
            for gone in [other for other in _of if other.is_closed()]:
                del _of[gone]
            threads = _of[loop] = Threads(total or THREADS, queue)
    elif total is not None:
        threads.slots.total, threads.slots.queue = total, queue
    return threads


async def to_thread(func: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `func(*args, **kwargs)` in a thread; the deadline and all context variables are in force there.

    Cancelled, or out of time, it returns at once and the thread keeps its slot until it ends; it may ask
    `holdfast.deadline.remaining()` or `anyio.from_thread.check_cancelled()`. Raises OffloadFull when as many
    calls wait for a thread as may, DeadlineExceeded for one that would be too late to start.
    """
    async with until(None):  # also where nobody else ends the wait, as in a task of the app's own
        if kwargs:
            return await current().leave_behind(lambda: func(*args, **kwargs))
        return await current().leave_behind(func, *args)
