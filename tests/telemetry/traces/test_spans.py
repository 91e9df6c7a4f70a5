"""Spans made here, as an exporter in memory gets them."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from holdfast import Holdfast
from holdfast.budget.model.trace import Trace
from holdfast.events import BreakerChanged, Bus, CallEnded, RetryDecided
from holdfast.loop.route import template
from holdfast.telemetry.redaction import Redactor
from holdfast.telemetry.traces.annotations import Annotations
from holdfast.telemetry.traces.exporter import RedactingExporter
from holdfast.telemetry.traces.http import begin
from holdfast.telemetry.traces.sampler import sampler
from holdfast.telemetry.traces.server import ServerSpans, missing
from tests.service.asgi import call

pytestmark = pytest.mark.anyio
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Memory:
    """A provider whose spans stay in memory."""

    def __init__(self, section: dict[str, str] | None = None) -> None:
        self.exporter = InMemorySpanExporter()
        model = Trace.model_validate(section or {"sample": "100%"})
        self.provider = TracerProvider(sampler(model, never={"/livez"}), shutdown_on_exit=False)
        clean = RedactingExporter(self.exporter, Redactor())
        self.provider.add_span_processor(SimpleSpanProcessor(clean))

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self.exporter.get_finished_spans()


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    memory = Memory()
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: memory.provider)
    return memory


async def test_server_spans_where_fastapi_makes_none(memory: Memory) -> None:
    app = FastAPI(telemetry={"tracing": False})

    @app.get("/items/{item}")
    async def item(item: int) -> str:
        return "ok"

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("password=hunter2")

    spanned = ServerSpans(app, template)
    await call(spanned, "/items/7", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
    with pytest.raises(RuntimeError):
        await call(spanned, "/broken")
    await call(spanned, "/nowhere", method="BREW")
    await call(spanned, "/livez")
    first, second, third = memory.spans
    assert (first.name, first.kind) == ("GET /items/{item}", trace.SpanKind.SERVER)
    assert first.parent is not None
    assert f"{first.parent.trace_id:032x}" == TRACE
    assert dict(first.attributes or {}) == {
        "http.request.method": "GET",
        "url.scheme": "http",
        "url.path": "/items/7",
        "network.protocol.version": "1.1",
        "server.address": "127.0.0.1",
        "server.port": 8000,
        "http.route": "/items/{item}",
        "http.response.status_code": 200,
    }
    assert (second.attributes or {})["error.type"] == "RuntimeError"
    assert not second.status.is_ok
    assert third.name == "HTTP"
    assert (third.attributes or {})["http.request.method"] == "_OTHER"
    assert not missing(app), "this FastAPI makes its own"


async def test_without_a_provider_a_request_passes_through() -> None:
    app = FastAPI(telemetry={"tracing": False})
    app.add_api_route("/x", lambda: "ok")
    assert (await call(ServerSpans(app, template), "/x")).status == 200
    headers: dict[str, str] = {}
    assert begin("payments", "GET", "http://x/", "x", 80, headers, 0) is None
    assert headers == {}


async def test_a_client_span(memory: Memory) -> None:
    headers: dict[str, str] = {}
    span = begin("payments", "BREW", "http://ada:hunter2@x/pot?token=hunter2", "x", None, headers, 2)
    assert span is not None
    span.answered(404)
    span.end()
    (found,) = memory.spans
    assert (found.name, found.kind) == ("HTTP", trace.SpanKind.CLIENT)
    assert found.context is not None
    sent = f"00-{found.context.trace_id:032x}-{found.context.span_id:016x}-"
    assert headers["traceparent"].startswith(sent)
    assert dict(found.attributes or {}) == {
        "http.request.method": "_OTHER",
        "http.request.method_original": "BREW",
        "server.address": "x",
        "holdfast.dependency": "payments",
        "http.request.resend_count": 2,
        "url.full": "http://ada:[redacted]@x/pot?token=[redacted]",
        "http.response.status_code": 404,
        "error.type": "404",
    }
    assert not found.status.is_ok


async def test_whatever_is_cancelled_every_span_ends(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx2

    from holdfast.client.http.traced import TracedTransport

    async def slow(self: object, request: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return httpx2.Response(200)

    monkeypatch.setattr(httpx2.AsyncHTTPTransport, "handle_async_request", slow)
    transport, chance = TracedTransport("payments"), random.Random(3)
    requests = [httpx2.Request("GET", f"http://x/{number}") for number in range(100)]
    tasks = [asyncio.ensure_future(transport.handle_async_request(request)) for request in requests]
    for task in tasks:
        if chance.random() < 0.5:
            await asyncio.sleep(0)
            task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    begun = [request for request in requests if "traceparent" in request.headers]
    assert len(memory.spans) == len(begun)
    failed = [
        s
        for s in memory.spans
        if (s.attributes or {}).get("error.type") == "asyncio.exceptions.CancelledError"
    ]
    answered = [each for each in ended if isinstance(each, httpx2.Response)]
    assert len(failed) == len(begun) - len(answered)
    assert not trace.get_current_span().get_span_context().is_valid
    await transport.aclose()


async def test_policies_are_noted_where_a_span_is_recorded(memory: Memory) -> None:
    bus = Bus()
    annotations = Annotations(bus)
    events = [
        RetryDecided(0.0, "payments", 1, False, "budget", 0.0),
        CallEnded(0.0, "payments", "breaker", 0, True, 0.1),
        CallEnded(0.0, "payments", "ok", 1, False, 0.1),
        BreakerChanged(0.0, "payments", "closed", "open", "failures"),
    ]
    for event in events:
        bus.emit(event)  # no span: nothing happens
    with memory.provider.get_tracer("test").start_as_current_span("here"):
        for event in events:
            bus.emit(event)
    annotations.end()
    assert not bus.failed
    assert not bus.wanted(CallEnded)
    (span,) = memory.spans
    assert [event.name for event in span.events] == ["holdfast.retry", "holdfast.call", "holdfast.breaker"]


async def test_the_exporter_sends_no_secrets() -> None:
    memory = Memory()
    tracer = memory.provider.get_tracer("test")

    def login() -> None:
        with tracer.start_as_current_span("login password=hunter2") as span:
            span.set_attribute("http.request.header.authorization", ["hunter2"])
            span.set_attribute("count", 3)
            span.add_event("query", {"db.statement": "redis://:hunter2@cache"})
            raise ValueError("token=abc123hunter2")

    with pytest.raises(ValueError, match="hunter2"):
        login()
    (found,) = memory.spans
    assert "hunter2" not in found.to_json()
    assert (found.attributes or {})["count"] == 3
    assert [event.name for event in found.events] == ["query", "exception"]


@pytest.mark.parametrize(
    ("section", "followed"),
    [({"sample": "0%"}, True), ({"sample": "0%", "parent": "ignore"}, False), ({"sample": "100%"}, True)],
)
async def test_whether_a_caller_is_followed(
    monkeypatch: pytest.MonkeyPatch, section: dict[str, str], followed: bool
) -> None:
    memory = Memory(section)
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: memory.provider)
    spanned = ServerSpans(FastAPI(telemetry={"tracing": False}), template)
    await call(spanned, "/", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
    assert len(memory.spans) == followed


async def test_a_share_of_the_traces() -> None:
    memory = Memory({"sample": "25%"})
    tracer = memory.provider.get_tracer("test")
    for _ in range(2000):
        with tracer.start_as_current_span("here"), tracer.start_as_current_span("below"):
            pass
    roots = [span for span in memory.spans if span.parent is None]
    assert 350 < len(roots) < 650, "500 expected, and 8 sigma around"
    assert len(memory.spans) == 2 * len(roots), "whole traces"


async def test_exemplars_name_the_span_of_a_request() -> None:
    memory, reader = Memory(), InMemoryMetricReader()
    meters = MeterProvider([reader], shutdown_on_exit=False)
    app = FastAPI(telemetry={"tracer_provider": memory.provider, "meter_provider": meters})
    app.add_api_route("/x", lambda: "ok")
    hold = Holdfast(app)
    await call(app, "/x")
    await hold.stop()
    points = [
        point
        for resource in _data(reader).resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name == "http.server.request.duration"
        for point in metric.data.data_points
    ]
    exemplars = [exemplar for point in points for exemplar in point.exemplars]
    server = next(span for span in memory.spans if span.kind is trace.SpanKind.SERVER)
    assert server.context is not None
    assert [exemplar.span_id for exemplar in exemplars] == [server.context.span_id]


def _data(reader: InMemoryMetricReader) -> Any:
    return reader.get_metrics_data()
