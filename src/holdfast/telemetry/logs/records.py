"""How much is logged: a flood of log lines costs a service its CPU and its disk.

Counted where records are made, and not by a handler: a handler on the root logger would keep
`logging.basicConfig` from doing its work, and silence the warnings of an app that has set up no logging.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from typing import Any

from holdfast.telemetry.board import Slot

__all__ = ["LogCount", "installed"]


class LogCount:
    """Wraps the factory of log records; `write` brings what was counted to the board."""

    __slots__ = ("_made", "_make", "_written")

    def __init__(self) -> None:
        self._make = logging.getLogRecordFactory()
        self._made: Counter[str] = Counter()
        self._written: Counter[str] = Counter()

    def __call__(self, name: str, level: int, *arguments: Any, **named: Any) -> logging.LogRecord:
        """Make a record, as whoever made them before does, and count it by its level."""
        self._made[_LEVELS.get(level, "other")] += 1
        return self._make(name, level, *arguments, **named)

    def write(self, slot: Slot) -> None:
        """Add what was made since the last time to the table `logs` of `slot`."""
        for level, made in tuple(self._made.items()):
            if new := made - self._written[level]:
                slot.logs.row(level)[0] += new
                self._written[level] = made


_LEVELS = {
    logging.DEBUG: "debug",
    logging.INFO: "info",
    logging.WARNING: "warning",
    logging.ERROR: "error",
    logging.CRITICAL: "critical",
}
"""Levels of an app's own are one label."""

_installing = threading.Lock()


def installed() -> LogCount:
    """Return the count of this process; put in place by the first call, and again where it was replaced."""
    with _installing:
        factory = logging.getLogRecordFactory()
        if not isinstance(factory, LogCount):
            factory = LogCount()
            logging.setLogRecordFactory(factory)
        return factory
