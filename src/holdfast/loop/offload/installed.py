"""Having AnyIO's threads run under our slots: `def` endpoints and dependencies, files, background tasks.

Starlette and FastAPI reach every thread through `anyio.to_thread.run_sync`, looked up on its module at each
call. AnyIO has no hook for what is wrong there (see `uncut`): a limiter is told when the caller has gone, not
when the thread has ended. So that one public function is replaced, and `current_default_thread_limiter` with
it, so that an app that changes the number of threads, as the documents of FastAPI's users advise, changes
ours. Loops that have no threads of ours are served by AnyIO as before.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

import anyio.to_thread

from holdfast.loop.offload.threads import OPEN, Threads
from holdfast.loop.offload.uncut import uncut

__all__ = ["install", "uninstall"]

T = TypeVar("T")

_run_sync = anyio.to_thread.run_sync
_default = anyio.to_thread.current_default_thread_limiter
_held: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Threads] = weakref.WeakKeyDictionary()
_times: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, int] = weakref.WeakKeyDictionary()


def install(threads: Threads) -> None:
    """Have AnyIO's calls on the running loop take their threads from `threads`.

    Two held apps on one loop share them: the loop is AnyIO's again after as many calls of `uninstall`.
    """
    loop = asyncio.get_running_loop()
    _held[loop] = threads
    _times[loop] = _times.get(loop, 0) + 1
    anyio.to_thread.run_sync = _held_run_sync  # type: ignore[assignment]
    anyio.to_thread.current_default_thread_limiter = _held_default


def uninstall(loop: asyncio.AbstractEventLoop) -> None:
    """Give `loop` back to AnyIO; the library's own functions are put back after the last loop."""
    _times[loop] = _times.get(loop, 0) - 1
    if _times[loop] <= 0:
        _held.pop(loop, None)
        _times.pop(loop, None)
    if not any(not other.is_closed() for other in _held):
        anyio.to_thread.run_sync = _run_sync
        anyio.to_thread.current_default_thread_limiter = _default


async def _held_run_sync(
    func: Callable[..., T],
    *args: Any,
    abandon_on_cancel: bool = False,
    cancellable: bool | None = None,
    limiter: anyio.CapacityLimiter | None = None,
) -> T:
    try:
        threads = _held.get(asyncio.get_running_loop())
    except RuntimeError:
        threads = None  # trio, or no loop at all: AnyIO's to say
    if threads is None or cancellable is not None:
        return await _run_sync(
            func, *args, abandon_on_cancel=abandon_on_cancel, cancellable=cancellable, limiter=limiter
        )
    if limiter is None or limiter is threads:
        return await (threads.leave_behind if abandon_on_cancel else threads.run)(func, *args)
    if abandon_on_cancel:
        return await _run_sync(func, *args, abandon_on_cancel=True, limiter=limiter)
    async with limiter:
        return await uncut(_run_sync(func, *args, limiter=OPEN))


def _held_default() -> anyio.CapacityLimiter:
    try:
        threads = _held.get(asyncio.get_running_loop())
    except RuntimeError:
        threads = None
    return _default() if threads is None else threads
