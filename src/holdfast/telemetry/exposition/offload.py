"""Beside the loop and beyond the answer: threads, processes, what stays open, who left."""

from __future__ import annotations

from holdfast.telemetry.board import SlotCell
from holdfast.telemetry.exposition.family import Family, Kind

__all__ = ["FAMILIES"]

FAMILIES = (
    Family(
        "holdfast_threads",
        Kind.GAUGE,
        ("worker",),
        "Threads that run a call, those included whose caller has gone.",
        lambda view: view.gauged(SlotCell.THREADS),
    ),
    Family(
        "holdfast_threads_waiting",
        Kind.GAUGE,
        ("worker",),
        "Calls that wait for a thread.",
        lambda view: view.gauged(SlotCell.THREADS_WAITING),
    ),
    Family(
        "holdfast_processes",
        Kind.GAUGE,
        ("worker",),
        "Processes that run a call of `to_process`, or are being ended.",
        lambda view: view.gauged(SlotCell.PROCESSES),
    ),
    Family(
        "holdfast_processes_waiting",
        Kind.GAUGE,
        ("worker",),
        "Calls that wait for a process.",
        lambda view: view.gauged(SlotCell.PROCESSES_WAITING),
    ),
    Family(
        "holdfast_websockets",
        Kind.GAUGE,
        ("worker",),
        "Open WebSockets.",
        lambda view: view.gauged(SlotCell.WEBSOCKETS),
    ),
    Family(
        "holdfast_streams",
        Kind.GAUGE,
        ("worker",),
        "Answers without a known length that are being sent, server-sent events included.",
        lambda view: view.gauged(SlotCell.STREAMS),
    ),
    Family(
        "holdfast_disconnects",
        Kind.COUNTER,
        (),
        "Requests whose work was cancelled because the client had left (`[disconnect]`).",
        lambda view: [((), view.counted(SlotCell.DISCONNECTS))],
    ),
)
