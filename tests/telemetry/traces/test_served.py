"""Spans of a held service as a collector gets them over OTLP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.servers.redis import RedisServer
from tests.telemetry.traces.otlp import Received, Receiver, receiving
from tests.telemetry.traces.service import OTHER, SPAN, TRACE

BUDGET = """
[service]
name = "shop"
workers = 1
[log]
sink = "stderr"
[trace]
sample = "{sample}"
parent = "{parent}"
[dependency.payments]
kind = "http"
url_env = "PAYMENTS_URL"
timeout = {{ connect = "20s", total = "30s" }}
retry = {{ attempts = 2, budget = "100%" }}
bulkhead = 5
[dependency.cache]
kind = "redis"
url_env = "CACHE_URL"
[dependency.db]
kind = "sqlite"
url_env = "DB_URL"
"""


class Run:
    """What a run of the service gave: spans, the headers that its dependency got, its log."""

    def __init__(self, spans: Receiver, said: dict[str, Any], lines: list[dict[str, Any]]) -> None:
        self.spans = spans
        self.sent: list[dict[str, str]] = said["sent"]
        self.metrics: str = said["metrics"]
        self.lines = lines


def run(tmp_path: Path, redis: RedisServer, sample: str, parent: str = "follow", **environ: str) -> Run:
    budget = tmp_path / "holdfast.toml"
    budget.write_text(BUDGET.format(sample=sample, parent=parent))
    with receiving() as receiver:
        databases = {"DB_URL": "sqlite+aiosqlite:///:memory:", "CACHE_URL": redis.url}
        env = os.environ | {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url} | databases | environ
        ended = subprocess.run(
            [sys.executable, "-m", "tests.telemetry.traces.service", str(budget)],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr
    lines = [json.loads(line) for line in ended.stderr.splitlines() if line.startswith("{")]
    return Run(receiver, json.loads(ended.stdout), lines)


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory, shared_redis: RedisServer) -> Run:
    return run(tmp_path_factory.mktemp("traced"), shared_redis, "0%")  # only what a caller traces ...


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory, shared_redis: RedisServer) -> Run:
    return run(tmp_path_factory.mktemp("everything"), shared_redis, "100%")


def test_the_server_span_is_the_callers_child(traced: Run) -> None:
    span = traced.spans.named("GET /orders/{order}")
    assert (span.kind, span.trace_id, span.parent) == ("server", TRACE, SPAN)
    assert span.attributes["http.route"] == "/orders/{order}"
    assert span.attributes["http.response.status_code"] == 200
    assert span.resource["service.name"] == "shop"
    assert {each.trace_id for each in traced.spans.spans} == {TRACE, OTHER}, "nobody else asked for a trace"


def test_each_attempt_is_a_client_span_with_its_context_on_the_wire(traced: Run) -> None:
    first, second = clients(traced, "GET", TRACE)
    assert (first.name, first.attributes["http.response.status_code"], first.failed) == ("GET", 503, True)
    assert first.attributes["error.type"] == "503"
    assert (second.attributes["http.response.status_code"], second.failed) == (200, False)
    assert second.attributes["http.request.resend_count"] == 1
    assert "http.request.resend_count" not in first.attributes
    assert second.attributes["holdfast.dependency"] == "payments"
    assert second.attributes["server.address"] == "127.0.0.1"
    sent = [headers["traceparent"] for headers in traced.sent]
    assert sent[:2] == [f"00-{TRACE}-{span.span_id}-01" for span in (first, second)]
    parents = {span.span_id for span in traced.spans.spans if span.kind != "client"}
    assert {first.parent, second.parent} <= parents


def test_redis_and_sql_are_client_spans_of_the_same_request(traced: Run) -> None:
    (get,) = (span for span in clients(traced, "GET", TRACE, dependency="cache"))
    assert get.attributes["db.system.name"] == "redis"
    assert get.attributes["db.operation.name"] == "GET"
    (select,) = clients(traced, "SELECT", TRACE, dependency="db")
    assert select.attributes["db.query.text"] == "SELECT ?"
    parents = {
        span.span_id for span in traced.spans.spans if span.trace_id == TRACE and span.kind != "client"
    }
    assert {get.parent, select.parent} <= parents


def test_a_client_of_a_thread_sends_the_context_as_well(traced: Run) -> None:
    (span,) = clients(traced, "GET", OTHER)
    assert span.attributes["http.response.status_code"] == 200
    assert traced.sent[-1]["traceparent"] == f"00-{OTHER}-{span.span_id}-01"
    parents = {
        each.span_id for each in traced.spans.spans if each.trace_id == OTHER and each.kind != "client"
    }
    assert span.parent in parents


def clients(run: Run, name: str, trace: str, dependency: str = "payments") -> list[Received]:
    return [
        span
        for span in run.spans.spans
        if (span.kind, span.name, span.trace_id) == ("client", name, trace)
        and span.attributes["holdfast.dependency"] == dependency
    ]


def test_what_the_policies_did_is_noted(traced: Run) -> None:
    noted = [event for span in traced.spans.spans for event in span.events]
    assert ("holdfast.retry", {"dependency": "payments", "attempt": 1, "granted": True, "why": ""}) in [
        (name, {**attributes, "why": ""}) for name, attributes in noted
    ]


def test_no_secrets_leave_in_spans(everything: Run) -> None:
    assert "hunter2" not in str(everything.spans.spans)
    assert "token=[redacted]" in str(everything.spans.spans)


def test_log_lines_name_trace_and_span(traced: Run) -> None:
    (line,) = (line for line in traced.lines if line["message"] == "order 7")
    assert line["trace_id"] == TRACE
    assert line["span_id"] in {span.span_id for span in traced.spans.spans}
    assert line["route"] == "GET /orders/{order}"


def test_a_bucket_of_the_latency_names_a_trace(traced: Run) -> None:
    (family,) = (
        family
        for family in text_string_to_metric_families(traced.metrics)
        if family.name == "holdfast_requests_seconds"
    )
    examples = {
        (sample.labels["route"], sample.exemplar.labels["trace_id"], sample.exemplar.labels["span_id"])
        for sample in family.samples
        if sample.exemplar is not None
    }
    servers = {span.trace_id: span.span_id for span in traced.spans.spans if span.kind == "server"}
    assert examples == {
        ("/orders/{order}", TRACE, servers[TRACE]),
        ("/receipts/{order}", OTHER, servers[OTHER]),
    }


def test_a_share_of_all_begins_here_and_probes_are_none_of_it(everything: Run) -> None:
    servers = [span for span in everything.spans.spans if span.kind == "server"]
    assert sorted(span.name for span in servers) == [
        "GET /broken",
        "GET /orders/{order}",
        "GET /receipts/{order}",
    ]
    broken = everything.spans.named("GET /broken")
    assert broken.failed
    assert broken.attributes["error.type"] == "RuntimeError"
    assert broken.parent == ""
    assert broken.trace_id != TRACE


def test_a_caller_need_not_be_followed(tmp_path: Path, shared_redis: RedisServer) -> None:
    found = run(tmp_path, shared_redis, "0%", "ignore")
    assert found.spans.spans == []
    assert [headers["traceparent"][3:35] for headers in found.sent] == [TRACE, TRACE, OTHER]
    assert all(headers["traceparent"].endswith("-00") for headers in found.sent), (
        "not sampled, and it says so"
    )
