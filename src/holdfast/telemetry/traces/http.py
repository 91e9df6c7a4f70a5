"""Client spans of outgoing HTTP, with the W3C context in the request's headers.

Names and attributes are those of OpenTelemetry's HTTP semantic conventions (stable since 1.23).
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from holdfast.telemetry.redaction import Redactor
from holdfast.telemetry.traces.client import ClientSpan, start

__all__ = ["begin"]

_METHODS = frozenset(
    ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY")
)
_REDACTOR = Redactor()


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
    begun = start(known if known == method else "HTTP", attributes)
    if begun is None:
        return None
    from opentelemetry import propagate, trace

    span = begun.span
    if span.is_recording():
        span.set_attribute("url.full", _REDACTOR.text(str(url)))
    propagate.inject(headers, context=trace.set_span_in_context(span))
    return begun
