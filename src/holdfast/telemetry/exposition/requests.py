"""Requests: how many, how they ended, how long they took."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.telemetry.buckets import FIRST_BUCKET, SUM_NS
from holdfast.telemetry.exemplars import Exemplar, exemplars
from holdfast.telemetry.exposition.family import Distribution, Family, Kind, Sample
from holdfast.telemetry.exposition.view import View

__all__ = ["FAMILIES"]


def _latency(view: View) -> Iterator[Sample]:
    bounds = [*map(str, view.bounds), "+Inf"]
    seen = exemplars(view.slots)
    for name, cells in view.summed("requests").items():
        cumulative, counted = [], 0
        examples: dict[str, Exemplar] = {}
        for position, (bound, count) in enumerate(zip(bounds, cells[FIRST_BUCKET:], strict=False)):
            counted += count
            cumulative.append((bound, float(counted)))
            if (example := seen.get((name, position))) is not None:
                examples[bound] = example
        target, _, status = name.partition("\t")
        method, _, route = target.partition(" ")
        yield (method, route or method, status), Distribution(cumulative, cells[SUM_NS] / 1e9, examples)


def _errors(view: View) -> Iterator[Sample]:
    for name, (count,) in view.summed("errors").items():
        yield (name,), count


def _logs(view: View) -> Iterator[Sample]:
    for name, (count,) in view.summed("logs").items():
        if "\t" not in name:
            yield (name,), count


def _left_out(view: View) -> Iterator[Sample]:
    for name, (count,) in view.summed("logs").items():
        _, left_out, why = name.partition("\t")
        if left_out:
            yield (why,), count


FAMILIES = (
    Family(
        "holdfast_requests_seconds",
        Kind.HISTOGRAM,
        ("method", "route", "status"),
        "Time from when a request came to the gate, its wait there included, to the end of its answer, or to "
        "the first part of one without a known length (a stream); who is refused there is not in it. `route` "
        'is the template; paths that no route matches share "(unmatched)". `status` is a class: "2xx"; "0xx" '
        "got no answer. Every threshold of the budget's objectives is a bucket's bound.",
        _latency,
    ),
    Family(
        "holdfast_errors",
        Kind.COUNTER,
        ("cause",),
        'Requests that ended in an error, by its cause: the type of the exception, "dependency NAME", '
        '"deadline", or "answered 503" where the app gave that answer by itself.',
        _errors,
    ),
    Family(
        "holdfast_log_records",
        Kind.COUNTER,
        ("level",),
        "Log records made, by level; levels of the app's own are `other`.",
        _logs,
    ),
    Family(
        "holdfast_log_dropped",
        Kind.COUNTER,
        ("why",),
        "JSON log lines that were not written: `flood`, too many of one message; `lost`, the queue was full "
        "or the sink failed.",
        _left_out,
    ),
)
