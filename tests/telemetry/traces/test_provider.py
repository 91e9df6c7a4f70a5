from __future__ import annotations

import subprocess
import sys

import pytest

from holdfast.budget.model.trace import Trace
from holdfast.errors import UsageError
from holdfast.telemetry.traces import provider
from holdfast.telemetry.traces.provider import Provider, _made, exporting, require

SAMPLED = Trace.model_validate({"sample": "10%"})


def python(code: str, **environ: str) -> str:
    """Run `code` in a process of its own, as a provider is set up once a process."""
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def test_without_a_decision_nothing_is_set_up() -> None:
    assert Provider.started(Trace(), "shop") is None


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider, "find_spec", lambda name: None)
    require(Trace(), "holdfast.toml")
    with pytest.raises(UsageError, match=r"holdfast.toml:3: .*holdfast\[otel\]"):
        require(SAMPLED, "holdfast.toml:3")
    assert Provider.started(SAMPLED, "shop") is None


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_SDK_DISABLED": "TRUE"}, False),
    ],
)
def test_the_environment_says_where_to(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], expected: bool
) -> None:
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_TRACES_EXPORTER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert exporting() is expected


def test_nowhere_to_send_is_said_and_costs_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(provider, "exporting", lambda: False)
    assert Provider.started(SAMPLED, "shop") is None
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in caplog.text


def test_a_provider_of_the_app_is_used_and_not_replaced() -> None:
    code = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
own = TracerProvider()
trace.set_tracer_provider(own)
from holdfast.budget.model.trace import Trace
from holdfast.telemetry.traces.provider import Provider
assert Provider.started(Trace.model_validate({"sample": "100%"}), "shop") is None
assert trace.get_tracer_provider() is own
"""
    python(code, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")


def test_a_provider_is_set_up_once() -> None:
    code = """
from opentelemetry import trace
from holdfast.budget.model.trace import Trace
from holdfast.telemetry.traces.provider import Provider
section = Trace.model_validate({"sample": "0%"})
first = Provider.started(section, "shop", export=False)
assert first is not None and Provider.started(section, "shop") is first
print(trace.get_tracer_provider().resource.attributes["service.name"])
"""
    assert python(code, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9") == "shop"


@pytest.mark.parametrize(
    "environ", [{"OTEL_SERVICE_NAME": "shop-eu"}, {"OTEL_RESOURCE_ATTRIBUTES": "service.name=shop-eu"}]
)
def test_the_environment_names_the_service_before_the_budget(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert _made(SAMPLED, "shop", (), (), False).resource.attributes["service.name"] == "shop-eu"


def test_nothing_is_imported_before_it_is_wanted() -> None:
    code = """
import sys
for name in ("opentelemetry.sdk", "opentelemetry.exporter", "structlog"):
    sys.modules[name] = None
from fastapi import FastAPI
from fastapi.testclient import TestClient
from holdfast import Holdfast
app = FastAPI()
Holdfast(app)
app.add_api_route("/x", lambda: "ok")
with TestClient(app) as client:
    assert client.get("/x").status_code == 200
before = [name for name in sys.modules if name.startswith("holdfast.telemetry.traces")]
assert not [name for name in before if name.endswith(("sampler", "exporter"))], before
"""
    python(code)


def test_the_face_imports_none_of_it() -> None:
    code = """
import sys
import fastapi
known = set(sys.modules)
import holdfast
assert not [n for n in set(sys.modules) - known if "opentelemetry" in n or "telemetry.traces" in n]
"""
    python(code)
