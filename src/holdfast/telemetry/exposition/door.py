"""The door: who is inside, who waits, who was refused."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.telemetry.board import SlotCell
from holdfast.telemetry.exposition.family import Family, Kind, Sample
from holdfast.telemetry.exposition.view import View
from holdfast.telemetry.refusals import split

__all__ = ["FAMILIES"]


def _refused(view: View) -> Iterator[Sample]:
    for name, (count,) in view.summed("refused").items():
        yield split(name), count


FAMILIES = (
    Family(
        "holdfast_in_flight",
        Kind.GAUGE,
        ("worker",),
        "Requests being served.",
        lambda view: view.gauged(SlotCell.IN_FLIGHT),
    ),
    Family(
        "holdfast_limit",
        Kind.GAUGE,
        ("worker",),
        "Requests that may be served at once; 0 where there is no limit.",
        lambda view: view.gauged(SlotCell.LIMIT),
    ),
    Family(
        "holdfast_queued",
        Kind.GAUGE,
        ("worker",),
        "Requests waiting to be admitted.",
        lambda view: view.gauged(SlotCell.QUEUED),
    ),
    Family(
        "holdfast_bodies_waiting",
        Kind.GAUGE,
        ("worker",),
        "Requests outside, whose body has not come: they hold no place.",
        lambda view: view.gauged(SlotCell.BODIES),
    ),
    Family(
        "holdfast_connections",
        Kind.GAUGE,
        ("worker",),
        "Open connections of clients, idle ones included.",
        lambda view: view.gauged(SlotCell.CONNECTIONS),
    ),
    Family(
        "holdfast_refused",
        Kind.COUNTER,
        ("reason", "stage", "class"),
        "Requests refused at the door: `full` (no place in the queue), `waited` (too long in it), "
        "`late` (the event loop is), `priority` (below the bar of an overload), `displaced` (a higher class "
        "took the place). By stage: "
        "`parser` and `headers` before there was a scope (class `any`: no class was let in), `asgi` after.",
        _refused,
    ),
    Family(
        "holdfast_misclassified",
        Kind.COUNTER,
        (),
        "Requests that came to a route of another class than was thought at the door (`[admission] class`).",
        lambda view: [((), view.counted(SlotCell.MISCLASSIFIED))],
    ),
)
