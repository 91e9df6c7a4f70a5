"""SIGTERM under a bare `uvicorn app:app`: the app takes it first, and Uvicorn when the announcement is over.

Uvicorn stops listening as soon as it has the signal. So the handler that it has installed is called later,
and until then every answer ends its connection. Other servers install no handler that can be called (their
loop has it), and nothing is done: there the platform announces by a preStop hook.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from holdfast.budget import Loaded
from holdfast.budget.derive.ladder import CLOSING
from holdfast.clock import monotonic
from holdfast.service.drain.drain import BACKGROUND, STREAMS, Drain
from holdfast.service.numbers import numbers

__all__ = ["Hook", "hooked"]

_CLOSE = (b"connection", b"close")


class Hook:
    """Takes SIGTERM for `drain` until `release`; made on the loop that serves, in the main thread.

    `announce` and `finishing` in seconds; `finishing` None: requests have as long as they need.
    """

    __slots__ = ("_announce", "_drain", "_finishing", "_hurry", "_loop", "_running", "_server", "_uvicorn")

    def __init__(self, drain: Drain, *, announce: float, finishing: float | None) -> None:
        self._drain = drain
        self._announce = announce
        self._finishing = finishing
        self._loop = asyncio.get_running_loop()
        self._running: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self._uvicorn: Callable[[int, FrameType | None], Any] | None = None
        self._server: Any = None

    def take(self) -> bool:
        """Take the signal; False where nobody has it whom it could be passed on to."""
        if threading.current_thread() is not threading.main_thread():
            return False
        before = signal.getsignal(signal.SIGTERM)
        server = getattr(before, "__self__", None)
        if not callable(before) or not hasattr(server, "should_exit") or not hasattr(server, "server_state"):
            return False
        self._uvicorn, self._server = before, server
        signal.signal(signal.SIGTERM, self._signalled)
        return True

    def release(self) -> None:
        """Give the signal back, unless Uvicorn has taken it back already."""
        on_main = threading.current_thread() is threading.main_thread()
        if self._uvicorn is not None and on_main and signal.getsignal(signal.SIGTERM) == self._signalled:
            signal.signal(signal.SIGTERM, self._uvicorn)
        self._uvicorn = None

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        self._loop.call_soon_threadsafe(self._begin)

    def _begin(self) -> None:
        if self._running is None:
            self._running = self._loop.create_task(self._leave())
        else:
            self._hurry.set()

    async def _leave(self) -> None:
        drain, server = self._drain, self._server
        drain.announce()
        server.config.encoded_headers = [*server.config.encoded_headers, _CLOSE]
        server.server_state.default_headers = [*server.server_state.default_headers, _CLOSE]
        try:
            async with asyncio.timeout(self._announce):
                await self._hurry.wait()
        except TimeoutError:
            pass
        if self._uvicorn is not None:
            self._uvicorn(signal.SIGTERM, None)
        until = float("inf") if self._finishing is None else monotonic() + self._finishing
        await drain.finish(until)
        until = min(until, monotonic()) if self._finishing is None else until
        drain.background_until = until + CLOSING * BACKGROUND
        await drain.end_streams(until + CLOSING * STREAMS)


def hooked(loaded: Loaded, drain: Drain) -> Hook | None:
    """Return the hook for an app that runs by `loaded`, where the server leaves room for one."""
    announce, grace = loaded.budget.drain.announce or 0.0, numbers(loaded).get("drain.grace")
    finishing = None if grace is None else max(0.0, grace.value - announce - CLOSING)
    hook = Hook(drain, announce=announce, finishing=finishing)
    return hook if hook.take() else None
