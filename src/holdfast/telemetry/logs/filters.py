"""For handlers of the app's own: the labels of the request, and no secrets.

handler.addFilter(Correlated())      # then its format may name %(request_id)s, %(trace_id)s, %(route)s ...
handler.addFilter(Redacting())
"""

from __future__ import annotations

import logging
import traceback

from holdfast.telemetry.logs.correlation import LABELS, labels
from holdfast.telemetry.logs.plain import plain, text_of
from holdfast.telemetry.redaction import Redactor

__all__ = ["Correlated", "Redacting"]

_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", *LABELS}


class Correlated(logging.Filter):
    """Gives each record the labels of `correlation.LABELS`, "" where one is not known; keeps what it has."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Label `record`; it always passes."""
        known = labels()
        for name in LABELS:
            if not hasattr(record, name):
                setattr(record, name, known.get(name, ""))
        return True


class Redacting(logging.Filter):
    """Takes secrets out of each record: message, arguments, extras, traceback.

    The record itself is changed, so handlers after this one get it without secrets too. It works where the
    line is logged, on the event loop: some microseconds for a line, a traceback more.
    """

    def __init__(self, redactor: Redactor | None = None) -> None:
        super().__init__()
        self._redactor = Redactor() if redactor is None else redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact `record`; it always passes."""
        redactor = self._redactor
        if isinstance(record.msg, dict) and not record.args:
            record.msg = redactor.data(record.msg)  # an event of structlog
        else:
            try:
                record.msg, record.args = redactor.text(text_of(record.getMessage())), ()
            except Exception:  # noqa: BLE001 - arguments that do not fit: the handler reports them
                record.msg = redactor.text(text_of(record.msg))
        for name, value in list(record.__dict__.items()):
            if name not in _OWN and name[:1] != "_":
                record.__dict__[name] = redactor.data({name: plain(value)})[name]
        if record.exc_info and record.exc_info[1] is not None:
            record.exc_text = redactor.text("".join(traceback.format_exception(record.exc_info[1])).rstrip())
            record.exc_info = None
        elif record.exc_text:
            record.exc_text = redactor.text(record.exc_text)
        return True
