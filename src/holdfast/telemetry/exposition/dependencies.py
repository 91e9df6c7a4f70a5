"""Dependencies: the calls to each, and the state of its policies."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.telemetry.board import DependencyCell
from holdfast.telemetry.exposition.family import Family, Kind, Read, Sample
from holdfast.telemetry.exposition.view import View

__all__ = ["FAMILIES"]


def _total(cell: DependencyCell, unit: float = 1.0) -> Read:
    def read(view: View) -> Iterator[Sample]:
        for name, cells in view.summed("dependencies").items():
            yield (name,), cells[cell] / unit

    return read


def _gauge(cell: DependencyCell) -> Read:
    def read(view: View) -> Iterator[Sample]:
        for slot in view.living:
            for name, cells in slot.dependencies.rows():
                yield (name, str(slot.index)), cells[cell]

    return read


def _counter(word: str, cell: DependencyCell, doc: str) -> Family:
    return Family(f"holdfast_dependency_{word}", Kind.COUNTER, ("dependency",), doc, _total(cell))


FAMILIES = (
    _counter("calls", DependencyCell.CALLS, "Calls that ended, refused ones included."),
    _counter("attempts", DependencyCell.ATTEMPTS, "Attempts that reached for the network."),
    _counter("retries", DependencyCell.RETRIES, "Retries that were granted."),
    _counter(
        "failures", DependencyCell.FAILURES, "Calls that reached for the network and had no good answer."
    ),
    _counter(
        "refused", DependencyCell.REFUSED, "Calls kept from the network by breaker, bulkhead or deadline."
    ),
    _counter("degraded", DependencyCell.DEGRADED, "Calls that were answered by the fallback."),
    Family(
        "holdfast_dependency_seconds",
        Kind.COUNTER,
        ("dependency",),
        "Time spent in calls, waiting included.",
        _total(DependencyCell.SUM_NS, 1e9),
    ),
    Family(
        "holdfast_dependency_in_flight",
        Kind.GAUGE,
        ("dependency", "worker"),
        "Calls in flight.",
        _gauge(DependencyCell.IN_FLIGHT),
    ),
    Family(
        "holdfast_breaker_state",
        Kind.GAUGE,
        ("dependency", "worker"),
        "0 closed, 1 half-open, 2 open.",
        _gauge(DependencyCell.BREAKER),
    ),
)
