"""A log line before it is written: what has to be taken from a record where it was made, and its form."""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from holdfast.telemetry.logs.correlation import labels
from holdfast.telemetry.logs.plain import plain, text_of
from holdfast.telemetry.redaction import Redactor

__all__ = ["Entry", "Form", "entry_of"]

_CUT = " ... [{} characters cut] ... "

_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
"""Attributes that every record has; whatever else one has was passed as `extra`."""

_STRUCTLOG = frozenset(
    ("_record", "_from_structlog", "exc_info", "stack_info", "level", "logger", "timestamp")
)
"""Keys of a structlog event that a line says elsewhere, or that are structlog's own."""


class Entry(NamedTuple):
    """`created`: seconds since the epoch. `extra` is plain. `error` is a traceback's exception, still whole:
    its source lines are read from disk, which the event loop does not wait for. `suppressed`: lines of the
    same message that were left out before this one."""

    created: float
    level: str
    logger: str
    message: str
    labels: Mapping[str, str]
    at: str = ""
    extra: Mapping[str, Any] = {}
    error: BaseException | None = None
    stack: str = ""
    suppressed: int = 0


def entry_of(record: logging.LogRecord, suppressed: int = 0) -> Entry:
    """Return what `record` says. It is made where the record is: the context tells the request.

    A record of structlog, whose message is its event as a dict, is taken apart as structlog's own are.
    """
    extra = {name: value for name, value in record.__dict__.items() if name not in _OWN and name[0] != "_"}
    error = record.exc_info
    if isinstance(record.msg, Mapping) and not record.args:
        message = text_of(record.msg.get("event", ""))
        extra |= {n: v for n, v in record.msg.items() if n not in _STRUCTLOG and n != "event"}
        error = record.msg.get("exc_info") or error
    else:
        message = _message(record)
    known = labels()
    # What a caller of the logger says of the request himself is more than what is found here.
    said = {name: text_of(extra.pop(name)) for name in list(known) if extra.get(name)}
    return Entry(
        record.created,
        record.levelname.lower(),
        record.name,
        message,
        known | said,
        f"{record.pathname}:{record.lineno} {record.funcName}",
        plain(extra) if extra else {},
        _exception(error),
        record.stack_info or "",
        suppressed,
    )


def _message(record: logging.LogRecord) -> str:
    try:
        return text_of(record.getMessage())
    except Exception as error:  # noqa: BLE001 - arguments that do not fit are no reason to lose the line
        return f"{text_of(record.msg)} (its arguments do not fit: {type(error).__name__})"


def _exception(found: Any) -> BaseException | None:
    if found is True:
        found = sys.exc_info()
    if isinstance(found, tuple):
        found = found[1] if len(found) == 3 else None
    return found if isinstance(found, BaseException) else None


class Form:
    """Writes entries as JSON lines, without secrets. `longest`: characters of a message, and of a traceback.

    Keys: time, level, logger, message, request_id, route, trace_id, span_id, service, pid, at, extra,
    exception, stack, suppressed; what is not known is left out.
    """

    def __init__(self, redactor: Redactor, *, service: str = "", longest: int = 16 * 1024) -> None:
        self._redactor = redactor
        self._service = service
        self._longest = longest

    def line(self, entry: Entry) -> bytes:
        """Return `entry` as a line, its end included."""
        document: dict[str, Any] = {
            "time": datetime.fromtimestamp(entry.created, UTC).isoformat(timespec="microseconds"),
            "level": entry.level,
            "logger": entry.logger,
            "message": self._text(entry.message),
            **{name: self._redactor.text(value) for name, value in entry.labels.items()},
        }
        if self._service:
            document["service"] = self._service
        document["pid"] = os.getpid()
        if entry.at:
            document["at"] = entry.at
        if entry.extra:
            document["extra"] = self._redactor.data(entry.extra)
        if entry.error is not None:
            document["exception"] = self._text("".join(traceback.format_exception(entry.error)))
        if entry.stack:
            document["stack"] = self._text(entry.stack)
        if entry.suppressed:
            document["suppressed"] = entry.suppressed
        return json.dumps(document, ensure_ascii=False, default=text_of).encode("utf-8", "replace") + b"\n"

    def _text(self, text: str) -> str:
        """Redact, then cut in the middle: how a traceback begins and how it ends says most."""
        text = self._redactor.text(text)
        if len(text) <= self._longest:
            return text
        half = self._longest // 2
        return text[:half] + _CUT.format(len(text) - 2 * half) + text[-half:]
