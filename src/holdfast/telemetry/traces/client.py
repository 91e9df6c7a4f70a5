"""Client spans of outgoing HTTP: one for each attempt, with the W3C context in its headers.

Names and attributes are those of OpenTelemetry's HTTP semantic conventions (stable since 1.23). Where nobody
has set up a provider, there are no spans, and a call costs a look-up.
"""

from __future__ import annotations

import sys
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

from holdfast.telemetry.redaction import Redactor
from holdfast.version import __version__

if TYPE_CHECKING:
    from opentelemetry.trace import Span

__all__ = ["ClientSpan", "begin"]

_METHODS = frozenset(
    ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY")
)
_REDACTOR = Redactor()


class ClientSpan:
    """A span that has begun; `end` it exactly once."""

    __slots__ = ("_span",)

    def __init__(self, span: Span) -> None:
        self._span = span

    def answered(self, status: int) -> None:
        """Note the status of the answer: from 400 on an error, for a client."""
        span = self._span
        span.set_attribute("http.response.status_code", status)
        if status >= 400:
            self._failed(str(status))

    def failed(self, error: BaseException) -> None:
        """Note what came instead of an answer."""
        kind = type(error)
        builtin = kind.__module__ == "builtins"
        self._failed(kind.__qualname__ if builtin else f"{kind.__module__}.{kind.__qualname__}")

    def end(self) -> None:
        """End it."""
        self._span.end()

    def _failed(self, kind: str) -> None:
        from opentelemetry.trace import StatusCode

        self._span.set_attribute("error.type", kind)
        self._span.set_status(StatusCode.ERROR)


def begin(
    dependency: str,
    method: str,
    url: object,
    host: str,
    port: int | None,
    headers: MutableMapping[str, str],
    resend: int,
) -> ClientSpan | None:
    """Begin the span of an attempt and put its context into `headers`; None where nobody traces.

    `resend`: how often the same request was sent before, 0 for the first attempt.
    """
    trace: Any = sys.modules.get("opentelemetry.trace")
    if trace is None or isinstance(provider := trace.get_tracer_provider(), trace.ProxyTracerProvider):
        return None
    from opentelemetry import propagate

    known = method if method in _METHODS else "_OTHER"
    attributes: dict[str, Any] = {
        "http.request.method": known,
        "server.address": host,
        "holdfast.dependency": dependency,
    }
    if known != method:
        attributes["http.request.method_original"] = method
    if port is not None:
        attributes["server.port"] = port
    if resend:
        attributes["http.request.resend_count"] = resend
    tracer = provider.get_tracer("holdfast", __version__, "https://opentelemetry.io/schemas/1.44.0")
    span = tracer.start_span(
        known if known == method else "HTTP", kind=trace.SpanKind.CLIENT, attributes=attributes
    )
    if span.is_recording():
        span.set_attribute("url.full", _REDACTOR.text(str(url)))
    propagate.inject(headers, context=trace.set_span_in_context(span))
    return ClientSpan(span)
