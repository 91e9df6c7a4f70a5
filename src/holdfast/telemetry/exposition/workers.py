"""Workers: how many there are, and whether they beat."""

from __future__ import annotations

from holdfast.telemetry.board import SlotCell
from holdfast.telemetry.exposition.family import Family, Kind

__all__ = ["FAMILIES"]

FAMILIES = (
    Family(
        "holdfast_workers",
        Kind.GAUGE,
        ("state",),
        "Workers by state: `booting`, `serving`, `draining`, `dead`.",
        lambda view: [((state,), number) for state, number in view.states.items()],
    ),
    Family(
        "holdfast_worker_starts",
        Kind.COUNTER,
        (),
        "Workers that were started.",
        lambda view: [((), view.counted(SlotCell.CLAIMS))],
    ),
    Family(
        "holdfast_worker_heartbeat_age_seconds",
        Kind.GAUGE,
        ("worker",),
        "Time since the event loop last ran.",
        lambda view: [((str(slot.index),), max(0.0, view.now - slot.heartbeat)) for slot in view.living],
    ),
)
