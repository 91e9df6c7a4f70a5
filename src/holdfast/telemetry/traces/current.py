"""The ids of the span in force, where anybody has imported opentelemetry."""

from __future__ import annotations

import sys

__all__ = ["span_ids"]


def span_ids() -> tuple[str, str] | None:
    """Return trace id and span id as W3C writes them; None where there is no span."""
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return None
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return f"{context.trace_id:032x}", f"{context.span_id:016x}"
