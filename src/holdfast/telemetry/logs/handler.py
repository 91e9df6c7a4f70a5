"""The handler of the standard logging module that writes JSON lines through a bounded queue."""

from __future__ import annotations

import logging
import time
from collections.abc import Hashable

from holdfast.clock import Now, monotonic
from holdfast.telemetry.logs.entry import Entry, entry_of
from holdfast.telemetry.logs.flood import Flood
from holdfast.telemetry.logs.queue import LogQueue

__all__ = ["OWN_LOGGER", "JsonHandler", "message_key"]

OWN_LOGGER = "holdfast.logs"
"""The logger that lines about logging itself name."""

_PATIENCE = 2.0
"""Seconds that `flush` and the end of the process wait for the sink."""

_READ = 200
_VARYING = dict.fromkeys(map(ord, "0123456789abcdefABCDEF-"))


def message_key(record: logging.LogRecord) -> Hashable:
    """Return what tells a record's message from others of its logger.

    Digits and hexadecimal letters are left out: an id that is formatted into a message, as in
    `f"order {id} failed"`, does not make another message of it.
    """
    message = record.msg.get("event", "") if isinstance(record.msg, dict) else record.msg
    text = message if isinstance(message, str) else f"{type(message).__name__}:{record.lineno}"
    return record.name, record.levelno, text[:_READ].translate(_VARYING)


class JsonHandler(logging.Handler):
    """Queues a line for each record, but for what is a flood. Never waits: neither for the sink nor a lock.

    `flush`, which `logging.shutdown` calls at the end of the process, waits for at most 2 s.
    """

    def __init__(self, queue: LogQueue, flood: Flood, *, now: Now = monotonic) -> None:
        super().__init__()
        self._queue = queue
        self._flood = flood
        self._now = now

    def handle(self, record: logging.LogRecord) -> bool:
        """Pass `record` through the filters and emit it, without the lock of other handlers."""
        kept = self.filter(record)
        if isinstance(kept, logging.LogRecord):  # from Python 3.12 on a filter may return another one
            record = kept
        if kept:
            self.emit(record)
        return bool(kept)

    def emit(self, record: logging.LogRecord) -> None:
        """Queue the line of `record`."""
        try:
            suppressed = self._flood.admit(message_key(record), self._now())
            if suppressed is not None:
                self._queue.put(entry_of(record, suppressed))
        except Exception:  # noqa: BLE001 - what logs must not fail because of its log
            self.handleError(record)

    def tell_quiet(self) -> None:
        """Tell of floods that ended, whose counts no further line of theirs will tell."""
        for key, dropped in self._flood.quiet(self._now()):
            logger = key[0] if isinstance(key, tuple) else ""
            self._queue.put(about(f"{dropped} more lines of one message of {logger} were left out", dropped))

    def flush(self) -> None:
        """Wait until what is queued is written, at most 2 s."""
        self._queue.flush(_PATIENCE)

    def close(self) -> None:
        """Write what is queued and end; what comes later begins anew."""
        self._queue.finish()
        self._queue.join(_PATIENCE)
        super().close()


def about(message: str, suppressed: int = 0) -> Entry:
    """Return a line about logging itself."""
    return Entry(time.time(), "warning", OWN_LOGGER, message, {}, suppressed=suppressed)
