from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from holdfast.policy.deadline import ambient
from holdfast.telemetry.logs import Correlated, Correlating, Redacting
from holdfast.telemetry.redaction import REDACTED
from tests.telemetry.logs.test_entry import Request


@pytest.fixture
def log() -> logging.Logger:
    return logging.Logger("shop.own")


@pytest.fixture
def _request() -> Iterator[None]:
    framed = ambient.enter(Request())
    yield
    ambient.restore(framed)


def own_handler(logger: logging.Logger, form: str) -> io.StringIO:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter(form))
    handler.addFilter(Correlated())
    handler.addFilter(Redacting())
    logger.addHandler(handler)
    return stream


@pytest.mark.usefixtures("_request")
def test_a_handler_of_ones_own_gets_the_labels(log: logging.Logger) -> None:
    stream = own_handler(log, "%(request_id)s %(route)s [%(span_id)s] %(message)s")
    log.warning("hello")
    log.warning("again", extra={"request_id": "mine"})
    assert stream.getvalue().splitlines() == ["req-1 POST /orders [] hello", "mine POST /orders [] again"]


def test_and_no_secrets(log: logging.Logger) -> None:
    stream = own_handler(log, "[%(request_id)s] %(message)s %(order)s")
    try:
        raise ValueError("password=hunter2")
    except ValueError:
        log.exception("login of %s", {"token": "hunter2"}, extra={"order": {"secret": "hunter2", "n": 1}})
    said = stream.getvalue()
    assert "hunter2" not in said
    assert "Traceback" in said
    assert f"password={REDACTED}" in said
    assert "'n': 1" in said


def test_arguments_that_do_not_fit_pass_the_filter() -> None:
    record = logging.LogRecord("shop", logging.INFO, "f", 1, "%d password=hunter2", ("x",), None)
    assert Redacting().filter(record)
    assert "hunter2" not in str(record.msg)


@pytest.mark.usefixtures("_request")
def test_structlog_by_itself() -> None:
    stream = io.StringIO()
    logger = structlog.wrap_logger(
        structlog.PrintLogger(stream),
        processors=[Correlating(), structlog.processors.JSONRenderer(sort_keys=True)],
    )
    logger.info("paid", order=7, password="hunter2", url="redis://:hunter2@cache")
    assert stream.getvalue() == (
        f'{{"event": "paid", "order": 7, "password": "{REDACTED}", "request_id": "req-1", '
        f'"route": "POST /orders", "url": "redis://:{REDACTED}@cache"}}\n'
    )
