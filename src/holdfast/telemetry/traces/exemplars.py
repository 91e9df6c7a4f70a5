"""A span processor that notes traced requests on the state board. Imported with the SDK."""

from __future__ import annotations

from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.trace import SpanKind

from holdfast.telemetry import process
from holdfast.telemetry.exemplars import note

__all__ = ["Exemplars"]


class Exemplars(SpanProcessor):
    """Notes each sampled server span whose route is known; it exports nothing."""

    def on_end(self, span: ReadableSpan) -> None:
        """Note `span`, which has ended."""
        context, attributes = span.get_span_context(), span.attributes or {}
        if span.kind is not SpanKind.SERVER or context is None or not context.trace_flags.sampled:
            return
        route, status = attributes.get("http.route"), attributes.get("http.response.status_code")
        began, ended = span.start_time, span.end_time
        if not route or not isinstance(status, int) or began is None or ended is None:
            return
        row = f"{attributes.get('http.request.method')} {route}\t{status // 100}xx"
        ids = context.trace_id, context.span_id
        note(process.slot(), row, process.board().bounds, ids, max(0, ended - began), ended)
