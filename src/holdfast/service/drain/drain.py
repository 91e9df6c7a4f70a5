"""One app's part in a drain: to say that it leaves, to end streams, to bring background work to its end."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeVar

from holdfast.budget.derive.ladder import CLOSING
from holdfast.clock import Now, monotonic

__all__ = ["BACKGROUND", "STREAMS", "Callback", "Drain", "Streams"]

STREAMS = 0.5
BACKGROUND = 0.75
"""The shares of the closing time at whose end streams, and background work, have to have ended."""

_STEP = 0.02
"""Seconds between looks at what is still open."""

_UNWOUND = 0.1
"""Seconds for what was cancelled to unwind; it is not waited for longer."""

Callback = Callable[[], Awaitable[None] | None]
T = TypeVar("T")

_log = logging.getLogger("holdfast")


class Streams(Protocol):
    """What stays open for longer than an answer takes: websockets and streamed answers."""

    @property
    def streams(self) -> int:
        """How many streamed answers are open; each is a request in flight too."""

    def __len__(self) -> int:
        """How many are open, websockets included."""

    def end(self) -> None:
        """Ask all to end: websockets are closed with 1012, "service restart"; a stream after its chunk."""


class _None:
    """No streams are known of."""

    streams = 0

    def __len__(self) -> int:
        return 0

    def end(self) -> None:
        pass


class Drain:
    """Belongs to one run of an app on one loop. Each step may be asked for again and happens once.

    `in_flight` counts the requests that are being served, streams included. `leaving` is whether the service
    says that it leaves; `draining` is set when streams are to end. `now` in seconds.
    """

    __slots__ = (
        "_background",
        "_callbacks",
        "_ended",
        "_in_flight",
        "_now",
        "_streams",
        "_told",
        "background_until",
        "draining",
        "leaving",
    )

    def __init__(
        self,
        in_flight: Callable[[], int] = lambda: 0,
        streams: Streams | None = None,
        callbacks: list[Callback] | None = None,
        now: Now = monotonic,
    ) -> None:
        self._in_flight = in_flight
        self._streams: Streams = _None() if streams is None else streams
        self._callbacks: list[Callback] = [] if callbacks is None else callbacks
        self._background: set[asyncio.Task[Any]] = set()
        self._told: set[asyncio.Future[None]] = set()
        self._ended = False
        self._now = now
        self.leaving = False
        self.draining = asyncio.Event()
        self.background_until: float | None = None

    @property
    def requests(self) -> int:
        """Requests in flight that are no streams."""
        return max(0, self._in_flight() - self._streams.streams)

    def announce(self) -> None:
        """Say that the service leaves: from here on it is not ready."""
        self.leaving = True

    def background(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run `work` beside the requests; a drain waits for it before the app shuts down."""
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    async def finish(self, until: float) -> bool:
        """Wait until the requests that are no streams are answered; False where it is `until` before."""
        while self.requests:
            if self._now() >= until:
                return False
            await asyncio.sleep(_STEP)
        return True

    async def end_streams(self, until: float) -> bool:
        """Ask streams and websockets to end, and wait for them; False where some are left at `until`."""
        self.announce()
        if not self._ended:
            self._ended = True
            self.draining.set()
            self._call_back()
            self._streams.end()
        while len(self._streams) or self._told:
            if self._now() >= until:
                for callback in self._told:
                    callback.cancel()
                return False
            await asyncio.sleep(_STEP)
        return True

    async def stop_background(self) -> None:
        """Wait for background work; what has not ended at `background_until` is cancelled."""
        self.announce()
        self.draining.set()
        work = {task for task in self._background if not task.done()}
        if not work:
            return
        until = self.background_until
        left = CLOSING * BACKGROUND if until is None else max(0.0, until - self._now())
        _, late = await asyncio.wait(work, timeout=left)
        if late:
            for task in late:
                task.cancel()
            _log.warning("%d background tasks did not end in time and were cancelled", len(late))
            await asyncio.wait(late, timeout=_UNWOUND)

    def _call_back(self) -> None:
        for callback in self._callbacks:
            try:
                answer = callback()
            except Exception:  # noqa: BLE001 - the app's; the others are called all the same
                _log.exception("a callback of on_drain failed")
                continue
            if inspect.isawaitable(answer):
                waiting = asyncio.ensure_future(answer)
                self._told.add(waiting)
                waiting.add_done_callback(self._heard)

    def _heard(self, callback: asyncio.Future[None]) -> None:
        self._told.discard(callback)
        if not callback.cancelled() and (error := callback.exception()) is not None:
            _log.error("a callback of on_drain failed", exc_info=error)
