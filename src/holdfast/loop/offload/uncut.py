"""Awaiting what cannot be stopped: a cancellation waits until it has ended.

AnyIO shields the wait for a thread from its own cancel scopes, not from `task.cancel()`, which is what
`asyncio.timeout`, task groups and servers use: then the wait ends, the thread's token goes back, and the
thread runs on; with it runs whatever it uses, while the task that lent it (a database session, a file) is
already closing it. So here a cancellation is kept, and raised when the thread has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context
from types import coroutine
from typing import Any, TypeVar

__all__ = ["uncut"]

T = TypeVar("T")


async def uncut(work: Coroutine[Any, Any, T]) -> T:
    """Await `work`; from its first wait for a future on, a cancellation is raised only after its end.

    `work` runs in the calling task, so that everything that looks for the current task finds it. A mere turn
    of the loop (`sleep(0)`) is no such wait: cancelled there, `work` has not begun and never does.
    """
    cancelled: asyncio.CancelledError | None = None
    try:
        waits = work.send(None)
        while True:
            if waits is None:
                try:
                    await _turn()
                except asyncio.CancelledError as error:
                    if cancelled is None:
                        waits = work.throw(error)
                        continue
            else:
                cancelled = await _end_of(waits) or cancelled
            waits = work.send(None)
    except StopIteration as end:
        result: T = end.value
    except Exception as error:
        if cancelled is not None:
            raise cancelled from error
        raise
    finally:
        work.close()
    if cancelled is not None:
        raise cancelled
    return result


class _Uncancellable:
    """Stands for a future in the eyes of the task that awaits it, and cannot be cancelled.

    A task whose future refuses to be cancelled is cancelled as soon as that future is done: asyncio does the
    rest. What a Future-like object is: https://docs.python.org/3/library/asyncio-future.html#asyncio.isfuture
    """

    __slots__ = ("_asyncio_future_blocking", "_future")

    def __init__(self, future: asyncio.Future[Any]) -> None:
        future._asyncio_future_blocking = False
        self._asyncio_future_blocking = True
        self._future = future

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop of the future, as a task checks it."""
        return self._future.get_loop()

    def add_done_callback(self, call: Callable[[Any], object], *, context: Context | None = None) -> None:
        """Have `call` called when the future is done."""
        self._future.add_done_callback(call, context=context)

    def done(self) -> bool:
        """Whether the future is done."""
        return self._future.done()

    def cancel(self, msg: object = None) -> bool:
        """Refuse."""
        return False


@coroutine
def _end_of(future: asyncio.Future[Any]) -> Generator[Any, None, asyncio.CancelledError | None]:
    """Wait until `future` is done; return the cancellation that came meanwhile. What the future holds is left
    in it."""
    try:
        yield _Uncancellable(future)
    except asyncio.CancelledError as error:
        own = future.cancelled() or isinstance(future.exception(), asyncio.CancelledError)
        return None if own else error
    except Exception:  # noqa: BLE001 - the future's own: it is raised where it is awaited
        return None
    return None


@coroutine
def _turn() -> Generator[None, None, None]:
    yield
