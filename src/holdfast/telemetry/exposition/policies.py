"""Policies that only observe, and what they would have done."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.telemetry.board import ObservingCell
from holdfast.telemetry.exposition.family import Family, Kind, Sample
from holdfast.telemetry.exposition.view import View

__all__ = ["FAMILIES"]


def _observing(view: View) -> Iterator[Sample]:
    for slot in view.living:
        for name, cells in slot.observing.rows():
            if cells[ObservingCell.ACTIVE]:  # a row is also what is counted of a part of a policy
                yield (name, str(slot.index)), 1


def _observed(view: View) -> Iterator[Sample]:
    for name, cells in view.summed("observing").items():
        yield (name,), cells[ObservingCell.COUNT]


FAMILIES = (
    Family(
        "holdfast_observing",
        Kind.GAUGE,
        ("policy", "worker"),
        "1 for each policy that only observes: because a number of it is not decided, or because the budget "
        "says so.",
        _observing,
    ),
    Family(
        "holdfast_observed",
        Kind.COUNTER,
        ("policy",),
        "What a policy that only observes would have refused, cut or retried.",
        _observed,
    ),
)
