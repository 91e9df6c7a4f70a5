from __future__ import annotations

import json
import logging
import math
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from holdfast.policy.deadline import ambient
from holdfast.telemetry.logs.correlation import labels
from holdfast.telemetry.logs.entry import Form, entry_of
from holdfast.telemetry.logs.plain import plain
from holdfast.telemetry.redaction import REDACTED, Redactor

LOG = logging.getLogger("shop")
TRACE = "0af7651916cd43dd8448eb211c80319c"


def record(
    message: object, *args: object, extra: dict[str, object] | None = None, error: Any = None
) -> logging.LogRecord:
    return LOG.makeRecord("shop", logging.WARNING, "shop/orders.py", 40, message, args, error, "pay", extra)


def line(found: logging.LogRecord, **options: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(Form(Redactor(), **options).line(entry_of(found)))
    return document


class Request:
    """A frame as the door makes one."""

    at: float | None = None
    outer: ambient.Frame | None = None
    request_id = b"req-1"
    route = "POST /orders"

    def __init__(self, traceparent: bytes = b"") -> None:
        self.traceparent = traceparent


def test_a_line() -> None:
    found = line(record("order %d failed", 7, extra={"order": 7}), service="shop")
    assert found.pop("time").endswith("+00:00")
    assert found.pop("pid") > 0
    assert found == {
        "level": "warning",
        "logger": "shop",
        "message": "order 7 failed",
        "service": "shop",
        "at": "shop/orders.py:40 pay",
        "extra": {"order": 7},
    }


def test_no_secrets_in_message_arguments_extras_labels_and_traceback() -> None:
    try:
        raise ValueError("token=abc123def for postgres://ada:hunter2@db/shop")
    except ValueError:
        error = sys.exc_info()
    said = line(
        record(
            "login %s password=%s",
            {"password": "hunter2"},
            "hunter2",
            extra={
                "headers": [("cookie", "hunter2")],
                "card": "4111111111111111",
                "nested": {"apiKey": "hunter2"},
            },
            error=error,
        )
    )
    text = json.dumps(said)
    assert "hunter2" not in text
    assert "abc123def" not in text
    assert "4111" not in text
    assert "Traceback" in said["exception"]
    assert said["extra"]["nested"] == {"apiKey": REDACTED}


def test_the_labels_of_a_request() -> None:
    framed = ambient.enter(Request(f"00-{TRACE}-b7ad6b7169203331-01".encode()))
    try:
        inner = ambient.tighten(1.0)  # a frame of its own, within the request
        found = line(record("hello"))
        ambient.restore(inner)
    finally:
        ambient.restore(framed)
    assert (found["request_id"], found["route"], found["trace_id"]) == ("req-1", "POST /orders", TRACE)
    assert labels() == {}


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"00",
        f"ff-{TRACE}-b7ad6b7169203331-01".encode(),
        f"00-{TRACE}-b7ad6b7169203331-01-more".encode(),
        f"00-{TRACE.upper()}-b7ad6b7169203331-01".encode(),
        f"00-{'0' * 32}-b7ad6b7169203331-01".encode(),
        f"00-{TRACE}-{'0' * 16}-01".encode(),
        f"00-{TRACE}-b7ad6b7169203331-01\nforged".encode(),
        f"01-{TRACE}-b7ad6b7169203331-01-{'x' * 600}".encode(),
    ],
)
def test_a_trace_id_that_is_none_is_not_taken(header: bytes) -> None:
    framed = ambient.enter(Request(header))
    try:
        assert "trace_id" not in labels()
    finally:
        ambient.restore(framed)


def test_what_the_caller_of_the_logger_says_of_the_request_goes_first() -> None:
    framed = ambient.enter(Request())
    try:
        found = line(record("hello", extra={"request_id": "mine"}))
    finally:
        ambient.restore(framed)
    assert found["request_id"] == "mine"
    assert "extra" not in found


def test_an_event_of_structlog() -> None:
    found = line(record({"event": "paid", "order": 7, "password": "hunter2", "level": "info", "_record": 1}))
    assert found["message"] == "paid"
    assert found["extra"] == {"order": 7, "password": REDACTED}


def test_a_line_forges_no_other() -> None:
    raw = Form(Redactor()).line(entry_of(record('a\n{"level": "critical"}\x00\udc80')))
    assert raw.count(b"\n") == 1
    assert json.loads(raw)["message"].startswith("a\n{")


def test_arguments_that_do_not_fit_lose_no_line() -> None:
    assert (
        line(record("%d orders", "no number"))["message"] == "%d orders (its arguments do not fit: TypeError)"
    )


def test_what_is_long_is_cut_in_the_middle() -> None:
    message = line(record("a" * 5000 + "b" * 5000), longest=100)["message"]
    assert message.startswith("a" * 50 + " ... [9900 characters cut]")
    assert message.endswith("b" * 50)


def test_values_become_plain() -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("no")

    class Tricky(dict[str, int]):
        def items(self) -> Any:
            raise RuntimeError("no")

    assert plain({"path": Path("/x"), "id": UUID(int=1), 7: b"bytes"}) == {
        "path": "/x",
        "id": "00000000-0000-0000-0000-000000000001",
        "7": "bytes",
    }
    assert plain([math.nan, math.inf, 1.5]) == ["nan", "inf", 1.5]
    assert plain(Broken()) == "<Broken, whose text cannot be had: RuntimeError>"
    assert plain(Tricky()) == "{}"
    assert plain(SimpleNamespace(a=1)) == "namespace(a=1)"
    assert plain(list(range(200)))[-1] == "... 100 more"
    assert len(plain({str(n): n for n in range(200)})) == 101
    assert len(plain("x" * 100_000)) == 64 * 1024
    cycle: list[Any] = []
    cycle.append(cycle)
    json.dumps(plain(cycle))
