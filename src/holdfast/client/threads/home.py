"""Which loop the threads of a process hand their calls over to."""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from typing import TypeVar

from holdfast.client.threads.handover import Call, Handover
from holdfast.errors import UsageError

__all__ = ["Home"]

T = TypeVar("T")


class Home:
    """Of one app. Between `begin` and `end` it is the loop that the app runs on.

    Outside of it, as in a script or a worker of tasks, it is a loop of its own in a background thread, made
    when it is first needed and in each process that was forked.
    """

    def __init__(self) -> None:
        self._app: asyncio.AbstractEventLoop | None = None
        self._background: _Background | None = None
        self._making = threading.Lock()

    def begin(self) -> None:
        """The app runs on the running loop."""
        self._app = asyncio.get_running_loop()

    def end(self) -> None:
        """The app runs no more."""
        self._app = None

    def call(self, call: Call[T]) -> T:
        """Run `call` on the loop, and in this thread what it hands over; its result.

        Raises UsageError on a loop's own thread, which it would block.
        """
        return Handover(self.loop(), call).run()

    def loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop. Raises UsageError on a loop's own thread."""
        if _on_a_loop():
            raise UsageError(
                "a blocking call on the event loop: make it in a `def` endpoint or through hold.to_thread, "
                "or use the client for coroutines"
            )
        loop = self._app
        return loop if loop is not None and loop.is_running() else self._own()

    def close(self) -> None:
        """End the background thread, if there is one."""
        with self._making:
            background, self._background = self._background, None
        if background is not None:
            background.close()

    def _own(self) -> asyncio.AbstractEventLoop:
        with self._making:
            if self._background is None or self._background.pid != os.getpid():
                self._background = _Background()
            return self._background.loop


class _Background:
    """A loop in a daemon thread, which ends with the process."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.loop = asyncio.new_event_loop()
        started = threading.Event()
        self.loop.call_soon(started.set)
        self._thread = threading.Thread(target=self.loop.run_forever, name="holdfast-calls", daemon=True)
        self._thread.start()
        started.wait()
        atexit.register(self.close)

    def close(self) -> None:
        atexit.unregister(self.close)
        if self.pid != os.getpid() or self.loop.is_closed():
            return  # the thread is the parent's
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


def _on_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
