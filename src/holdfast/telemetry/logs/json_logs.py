"""JSON logs as the budget's [log] says: one handler on the root logger, beside those that the app has."""

from __future__ import annotations

import asyncio
import logging

from holdfast.budget.model.log import Log
from holdfast.telemetry.board import Slot
from holdfast.telemetry.logs.entry import Form
from holdfast.telemetry.logs.flood import Flood
from holdfast.telemetry.logs.handler import JsonHandler, about
from holdfast.telemetry.logs.queue import LogQueue
from holdfast.telemetry.logs.sink import Descriptor, Sink
from holdfast.telemetry.redaction import Redactor

__all__ = ["JsonLogs"]

_DESCRIPTORS = {"stdout": 1, "stderr": 2}
_PATIENCE = 2.0


class JsonLogs:
    """Made and started in the process that logs; `end` and `aclose` stop it.

    The handler is put on the root logger when the app starts, and so after the app has set up its logging: a
    handler there from the beginning would keep `logging.basicConfig` from doing its work.
    """

    def __init__(self, section: Log, service: str = "", *, sink: Sink | None = None) -> None:
        form = Form(Redactor(section.redact), service=service, longest=section.longest)
        self._flood = Flood(section.flood)
        self._queue = LogQueue(
            Descriptor(_DESCRIPTORS[section.sink or "stderr"]) if sink is None else sink,
            form.line,
            lambda lost: about(f"{lost} log lines were lost: the queue was full, or the sink failed", lost),
            limit=section.queue,
        )
        self._handler = JsonHandler(self._queue, self._flood)
        self._written = (0, 0)
        logging.getLogger().addHandler(self._handler)

    @classmethod
    def started(cls, section: Log, service: str | None) -> JsonLogs | None:
        """Return running logs; None where the budget wants none, or another app of this process has some."""
        if section.sink in (None, "off"):
            return None
        if any(isinstance(handler, JsonHandler) for handler in logging.getLogger().handlers):
            return None
        return cls(section, service or "")

    def write(self, slot: Slot) -> None:
        """Bring what was left out to the board, and tell of floods that are over; called at each beat.

        The handler is put in place again where the app has set up its logging anew.
        """
        if self._handler not in logging.getLogger().handlers:
            logging.getLogger().addHandler(self._handler)
        self._handler.tell_quiet()
        counted = (self._flood.dropped, self._queue.lost)
        for why, now, before in zip(("flood", "lost"), counted, self._written, strict=True):
            if now > before:
                slot.logs.row(f"dropped\t{why}")[0] += now - before
        self._written = counted

    def end(self) -> None:
        """Take no more lines; what is queued is still written, by the thread."""
        logging.getLogger().removeHandler(self._handler)
        self._queue.finish()

    async def aclose(self) -> None:
        """Wait until everything is written, at most 2 s; after `end`."""
        await asyncio.to_thread(self._queue.join, _PATIENCE)
