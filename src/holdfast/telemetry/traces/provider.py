"""The tracer provider: the app's own where it has one, else one that the budget's [trace] describes."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Container, Iterable
from importlib.util import find_spec
from typing import TYPE_CHECKING

from holdfast.budget.model.trace import Trace
from holdfast.errors import UsageError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

__all__ = ["Provider", "exporting", "require"]

_log = logging.getLogger("holdfast")

_FLUSH_MS = 3000
"""How long the end of the service waits for the collector."""

_PACKAGES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def require(section: Trace, place: str) -> None:
    """Raise UsageError when the budget wants traces and `holdfast[otel]` is not installed."""
    if section.sample is not None and not _installed():
        raise UsageError("trace.sample needs opentelemetry: pip install 'holdfast[otel]'", place=place)


def exporting() -> bool:
    """Whether the environment says where spans go, in the variables of OpenTelemetry's specification."""
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    if os.environ.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower() not in ("otlp", ""):
        return False
    return any(os.environ.get(name) for name in _ENDPOINTS)


class Provider:
    """A provider that was set up here. It stays until the process ends, as OpenTelemetry allows one only."""

    _here: Provider | None = None

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider

    @classmethod
    def started(
        cls,
        section: Trace,
        service: str | None,
        *,
        never: Container[str] = (),
        redact: Iterable[str] = (),
        export: bool = True,
    ) -> Provider | None:
        """Set up a provider as `section` says, once a process; None where it decides nothing or there is one.

        `never`: paths that are not traced. `export`: False where somebody else adds an exporter.
        """
        if section.sample is None or not _installed():
            return None
        if cls._here is not None:
            return cls._here  # of an app that ran before, here or in the process that was forked
        from opentelemetry import trace

        existing = trace.get_tracer_provider()
        if not isinstance(existing, trace.ProxyTracerProvider):
            _log.info("spans go to the app's own %s, with its own sampling", type(existing).__name__)
            return None
        if not exporting():
            _log.warning("trace.sample is decided, but no %s says where spans go", _ENDPOINTS[1])
            return None
        made = cls(_made(section, service, never, redact, export))
        trace.set_tracer_provider(made._provider)
        cls._here = made
        return made

    async def flush(self) -> None:
        """Send what is there, at most some seconds; the loop goes on meanwhile."""
        await asyncio.to_thread(self._provider.force_flush, _FLUSH_MS)


def _installed() -> bool:
    try:
        return all(find_spec(name) is not None for name in _PACKAGES)
    except ModuleNotFoundError:
        return False


def _made(
    section: Trace, service: str | None, never: Container[str], redact: Iterable[str], export: bool
) -> TracerProvider:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from holdfast.telemetry.redaction import Redactor
    from holdfast.telemetry.traces.exemplars import Exemplars
    from holdfast.telemetry.traces.exporter import RedactingExporter
    from holdfast.telemetry.traces.sampler import sampler

    # What the environment says of the resource goes before the budget: it knows the deployment.
    said = os.environ.get("OTEL_SERVICE_NAME") or "service.name=" in os.environ.get(
        "OTEL_RESOURCE_ATTRIBUTES", ""
    )
    resource = Resource.create({"service.name": service} if service and not said else {})
    provider = TracerProvider(sampler(section, never), resource)
    provider.add_span_processor(Exemplars())
    if export:
        exporter = RedactingExporter(OTLPSpanExporter(), Redactor(redact))
        provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider
