"""Which request and which trace a log line belongs to, found where it is made."""

from __future__ import annotations

from holdfast.policy.deadline import ambient
from holdfast.telemetry.traces.current import span_ids
from holdfast.telemetry.traces.w3c import trace_id_of

__all__ = ["LABELS", "labels"]

LABELS = ("request_id", "route", "trace_id", "span_id")
"""All labels, in the order in which lines show them."""


def labels() -> dict[str, str]:
    """Return the labels that are known here, of `LABELS`; empty outside of a request.

    `route` is "METHOD /path/{template}" once the app has routed. The ids of the caller are checked: a request
    id by the door, a trace id as W3C Trace Context demands it. Where no span is recorded, `trace_id` is the
    caller's.
    """
    found: dict[str, str] = {}
    frame = ambient.frame()
    traceparent = b""
    while frame is not None:
        request_id: bytes | None = getattr(frame, "request_id", None)
        if request_id is not None:
            found["request_id"] = request_id.decode("ascii", "replace")
            if route := getattr(frame, "route", ""):
                found["route"] = route
            traceparent = getattr(frame, "traceparent", b"")
            break
        frame = frame.outer
    if (ids := span_ids()) is not None:
        found["trace_id"], found["span_id"] = ids
    elif trace_id := trace_id_of(traceparent):
        found["trace_id"] = trace_id
    return found
