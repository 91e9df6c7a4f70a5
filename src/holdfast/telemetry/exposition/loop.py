"""The event loop: how late it runs, and how often it stood still."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.telemetry.board import SlotCell
from holdfast.telemetry.board.layout import LONGEST_NS
from holdfast.telemetry.buckets import FIRST_BUCKET, SUM_NS
from holdfast.telemetry.exposition.family import Distribution, Family, Kind, Sample
from holdfast.telemetry.exposition.view import View

__all__ = ["FAMILIES"]


def _held(view: View) -> Iterator[Sample]:
    bounds = [*map(str, view.bounds), "+Inf"]
    for route, cells in view.summed("held").items():
        cumulative, counted = [], 0
        for bound, count in zip(bounds, cells[FIRST_BUCKET:LONGEST_NS], strict=False):
            counted += count
            cumulative.append((bound, float(counted)))
        yield _labels(route), Distribution(cumulative, cells[SUM_NS] / 1e9)


def _longest(view: View) -> Iterator[Sample]:
    found: dict[str, int] = {}
    for slot in view.slots:
        for route, cells in slot.held.rows():
            found[route] = max(found.get(route, 0), cells[LONGEST_NS])
    for route, longest in found.items():
        yield _labels(route), longest / 1e9


def _labels(name: str) -> tuple[str, str]:
    method, _, route = name.partition(" ")
    return method, route or method


FAMILIES = (
    Family(
        "holdfast_loop_lag_seconds",
        Kind.GAUGE,
        ("worker",),
        "How late the event loop runs: a maximum that decays over 10 s.",
        lambda view: [((str(slot.index),), slot.lag) for slot in view.living],
    ),
    Family(
        "holdfast_stalls",
        Kind.COUNTER,
        (),
        "Times that an event loop stood still.",
        lambda view: [((), view.counted(SlotCell.STALLS))],
    ),
    Family(
        "holdfast_stall_seconds",
        Kind.COUNTER,
        (),
        "Time that event loops stood still.",
        lambda view: [((), view.counted(SlotCell.STALL_NS) / 1e9)],
    ),
    Family(
        "holdfast_route_loop_seconds",
        Kind.HISTOGRAM,
        ("method", "route"),
        "Time that a request held the event loop in all. One request in 64 is measured, at random.",
        _held,
    ),
    Family(
        "holdfast_route_loop_step_max_seconds",
        Kind.GAUGE,
        ("method", "route"),
        "The longest time that one of the measured requests held the event loop without a pause.",
        _longest,
    ),
)
