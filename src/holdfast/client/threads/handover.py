"""One call of a thread: the pipeline runs on the loop, and orders what blocks from the thread that waits.

So the policies are written once and their state belongs to the loop alone, without a lock: a breaker is one
for coroutines and threads. The pipeline's task runs in a copy of the thread's context, whose deadline, trace
and request id hold for it. A thread cannot be cancelled: where the pipeline's timer cuts an attempt, it gets
its permit back when the thread has come back, and not before.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar, cast

from holdfast.clock import Now, monotonic
from holdfast.policy.deadline import ambient
from holdfast.policy.retry import layer

__all__ = ["Call", "Handover", "LoopGone", "Order", "call_soon"]

T = TypeVar("T")

_LOOK = 1.0
"""Seconds after which a waiting thread looks whether its loop still runs: a stopped one tells nobody."""


class LoopGone(RuntimeError):
    """The loop ended in the middle of a call; whether its last attempt had an effect is not known."""


class Order:
    """Work that the pipeline wants done in the thread, which has until `until` for it."""

    __slots__ = ("_answer", "_loop", "_mark", "_taken", "_until", "_work")

    def __init__(self, work: Callable[[], Any], until: float | None) -> None:
        self._work = work
        self._until = until
        self._loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[Any] = self._loop.create_future()
        self._mark = layer.attempt_above()
        self._taken = threading.Lock()  # by the thread that does it, or by who withdraws it, for good

    async def answered(self, discard: Callable[[Any], object] | None) -> Any:
        """Wait for the answer; cancelled, until the thread has come back, or not at all if it never began.

        `discard` is given an answer that comes too late.
        """
        try:
            return await asyncio.shield(self._answer)
        except asyncio.CancelledError:
            if not self.take():
                await _returned(self._answer)
                if discard is not None and not self._answer.cancelled() and not self._answer.exception():
                    discard(self._answer.result())
            raise

    def take(self) -> bool:
        """Whether it is the caller's now, and nobody else's."""
        return self._taken.acquire(blocking=False)

    def carry_out(self) -> None:
        """Do the work in this thread, with the pipeline's deadline and retry mark in force, and report."""
        token = ambient.tighten(self._until)
        mark = layer.retried(self._mark)
        try:
            result = self._work()
        except Exception as error:  # noqa: BLE001 - the pipeline judges it
            self.report(error=error)
        except BaseException as error:
            self.report(error=error)
            raise
        else:
            self.report(result)
        finally:
            layer.restore(mark)
            ambient.restore(token)

    def report(self, result: Any = None, *, error: BaseException | None = None) -> None:
        """Tell the pipeline how it went; once. What ends the thread itself counts as cancelled."""
        call_soon(self._loop, self._settle, result, error)

    def _settle(self, result: Any, error: BaseException | None) -> None:
        if self._answer.done():
            return
        if error is None:
            self._answer.set_result(result)
        elif isinstance(error, StopIteration):  # no future takes it; coroutines make the same of it
            self._answer.set_exception(RuntimeError("a blocking call raised StopIteration"))
        elif isinstance(error, Exception):
            self._answer.set_exception(error)
        else:
            self._answer.cancel()


Call = Callable[["Handover[T]"], Coroutine[Any, Any, T]]
"""Makes the coroutine of a call; it has its blocking parts done by `Handover.do`."""


class Handover(Generic[T]):
    """One call. Made in the thread, which then asks for `orders` until there are none, and for `result`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, call: Call[T], *, now: Now = monotonic) -> None:
        self._loop = loop
        self._now = now
        self._orders: SimpleQueue[Order | None] = SimpleQueue()
        self._task: asyncio.Task[T] | None = None
        # What is called so runs in a copy of this thread's context, and so does the task that it makes.
        if not call_soon(loop, self._start, call):
            raise LoopGone("the event loop has ended")

    def run(self) -> T:
        """Carry out every order and return what the call returns, or raise what it raises."""
        while (order := self.next()) is not None:
            try:
                order.carry_out()
            except BaseException:
                self.cancel()
                raise
        return self.result()

    def next(self) -> Order | None:
        """Wait for the next order, which is this thread's then; None: the call has ended."""
        while True:
            try:
                order = self._orders.get(timeout=_LOOK)
            except Empty:
                if not self._loop.is_running():
                    raise LoopGone("the event loop has ended") from None
                continue
            if order is None or order.take():
                return order

    def result(self) -> T:
        """Return what the call returned, or raise what it raised; after `next` returned None."""
        task = cast("asyncio.Task[T]", self._task)
        if task.cancelled():
            raise LoopGone("the call was cancelled: its event loop ends")
        return task.result()

    def cancel(self) -> None:
        """Have the call end, as far as it has not."""
        call_soon(self._loop, self._cancel)

    async def do(
        self,
        work: Callable[[], Any],
        left: float | None = None,
        *,
        discard: Callable[[Any], object] | None = None,
    ) -> Any:
        """Have `work` done by the thread; on the loop, in the call's coroutine.

        `left`: seconds that it has, besides the deadline in force; `holdfast.remaining()` says so in it.
        `discard`: what becomes of a result that comes after a cancellation.
        """
        until = ambient.at() if left is None else ambient.earlier(ambient.at(), self._now() + left)
        order = Order(work, until)
        self._orders.put(order)
        return await order.answered(discard)

    def _start(self, call: Call[T]) -> None:
        self._task = self._loop.create_task(call(self))
        self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[T]) -> None:
        if not task.cancelled():
            task.exception()  # seen: the thread may have gone
        self._orders.put(None)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()


def call_soon(loop: asyncio.AbstractEventLoop, call: Callable[..., object], *args: Any) -> bool:
    """Have `call` called on `loop`; False where that has been closed."""
    try:
        loop.call_soon_threadsafe(call, *args)
    except RuntimeError:
        return False
    return True


async def _returned(answer: asyncio.Future[Any]) -> None:
    """Wait until `answer` is there, whoever cancels meanwhile: the cancellation goes on afterwards."""
    while not answer.done():
        try:
            await asyncio.wait((answer,))
        except asyncio.CancelledError:
            continue
    if not answer.cancelled():
        answer.exception()  # seen, so that nobody is told that it never was
