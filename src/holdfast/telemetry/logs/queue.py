"""A bounded queue of log lines, and the thread that writes them: whoever logs never waits for the sink.

What finds the queue full is lost and counted; a line says how many as soon as there is room. A child of a
fork begins with a queue and a thread of its own, and leaves to the parent what the parent has queued.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

from holdfast.telemetry.logs.entry import Entry
from holdfast.telemetry.logs.sink import Sink

__all__ = ["LogQueue"]

_AT_ONCE = 256

_Item = Entry | threading.Event | None
"""A line; who waits for all lines before him; or the end."""


class LogQueue:
    """Holds at most `limit` entries. `line` makes an entry's line, `lost` the entry that tells of lost ones;
    both are called on the thread, as the sink is. `put` may be called on any thread, and in signal handlers.
    """

    _waiting: SimpleQueue[_Item]
    _thread: threading.Thread | None
    _ending: threading.Thread | None

    def __init__(
        self, sink: Sink, line: Callable[[Entry], bytes], lost: Callable[[int], Entry], *, limit: int
    ) -> None:
        self.lost = 0
        """Entries that found the queue full, or that the sink did not take."""
        self._sink = sink
        self._line = line
        self._telling = lost
        self._limit = limit
        self._pid = -1
        self._fresh()

    def put(self, entry: Entry) -> None:
        """Queue `entry`, or lose it when there is no room. Never waits."""
        if self._pid != os.getpid():
            self._fresh()
        if self._thread is None:
            self._begin()
        if self._waiting.qsize() < self._limit:
            self._waiting.put(entry)
        else:
            self._lose(1)

    def flush(self, seconds: float) -> bool:
        """Wait until what is queued now is written, at most `seconds`; return whether it is."""
        if self._thread is None or self._pid != os.getpid():
            return True
        written = threading.Event()
        self._waiting.put(written)
        return written.wait(seconds)

    def finish(self) -> None:
        """Let the thread end when everything is written; a later `put` begins another one."""
        if self._thread is not None and self._pid == os.getpid():
            self._ending, self._thread = self._thread, None
            ended, self._waiting = self._waiting, SimpleQueue()
            ended.put(None)

    def join(self, seconds: float) -> bool:
        """Wait for the end after `finish`, at most `seconds`; return whether it has come."""
        if self._ending is None:
            return True
        self._ending.join(seconds)
        return not self._ending.is_alive()

    def _fresh(self) -> None:
        self._waiting = SimpleQueue()
        self._thread = self._ending = None
        # Held for an addition. Reentrant: a signal handler may log in the middle of it.
        self._lock = threading.RLock()
        self._told = self.lost
        self._pid = os.getpid()

    def _begin(self) -> None:
        with self._lock:
            if self._thread is None:
                # A daemon: a sink that hangs must not keep the process from ending.
                self._thread = threading.Thread(
                    target=self._write, args=(self._waiting,), name="holdfast-logs", daemon=True
                )
                self._thread.start()

    def _lose(self, number: int) -> None:
        with self._lock:
            self.lost += number

    def _write(self, waiting: SimpleQueue[_Item]) -> None:
        ended = False
        while not ended:
            items = [waiting.get()]
            try:
                while len(items) < _AT_ONCE:
                    items.append(waiting.get_nowait())
            except Empty:
                pass
            ended = None in items
            self._pass([item for item in items if isinstance(item, Entry)])
            for item in items:
                if isinstance(item, threading.Event):
                    item.set()

    def _pass(self, entries: list[Entry]) -> None:
        lost = self.lost - self._told
        told = [*entries, self._telling(lost)] if lost > 0 else entries
        try:
            self._sink.write([self._line(entry) for entry in told])
        except Exception:  # noqa: BLE001 - a closed pipe or a full disk: nobody is left to tell it to
            self._lose(len(entries))
        else:
            self._told += lost
