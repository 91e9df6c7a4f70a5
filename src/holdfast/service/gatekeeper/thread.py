"""Whether a task is waiting for a worker thread: what runs there cannot be cancelled.

Cancelling such a task gives its place in the thread limiter back while the thread runs on, so that more
threads run than the limiter has tokens (201 against a cap of 40 were seen). So it is not cancelled.
"""

from __future__ import annotations

import asyncio
from typing import Any

__all__ = ["in_worker_thread"]

_WAITING = "run_sync_in_worker_thread"
"""The coroutine of AnyIO in which Starlette and FastAPI wait for a `def` endpoint or dependency."""


def in_worker_thread(task: asyncio.Task[Any]) -> bool:
    """Whether `task` waits for a thread that has been given its work; not so while it waits for a token.

    Follows the chain of what awaits what. It ends at a task group: behind `BaseHTTPMiddleware`, which runs
    the app in a task of its own, a thread is not seen.
    """
    awaited: Any = task.get_coro()
    while awaited is not None:
        code = getattr(awaited, "cr_code", None)
        if code is not None and code.co_name == _WAITING:
            frame = awaited.cr_frame
            return frame is not None and "future" in frame.f_locals
        awaited = getattr(awaited, "cr_await", None)
    return False
