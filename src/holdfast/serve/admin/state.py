"""The supervisor's state as one JSON document, schema "holdfast.state" version 1."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from holdfast.serve.stallbook import StallBook
from holdfast.serve.supervisor.core import Supervision
from holdfast.serve.supervisor.view import look
from holdfast.telemetry.board import Board, DependencyCell, Slot, SlotCell
from holdfast.telemetry.recorder import BREAKER_STATES

__all__ = ["SCHEMA", "VERSION", "Status"]

SCHEMA = "holdfast.state"
VERSION = 1


class Status:
    """What the admin port tells, read from the board when it is asked.

    `server_pid` is Gunicorn's master; `killed` counts the workers that the supervisor killed; `served` is
    whether the service has ever been up.
    """

    def __init__(self, board: Board, supervision: Supervision, stalls: StallBook, workers: int) -> None:
        self.board = board
        self.stalls = stalls
        self.server_pid = 0
        self.killed = 0
        self.served = False
        self._supervision = supervision
        self._workers = workers

    def ready(self, now: float) -> bool:
        """Return whether a worker serves and turns its loop, and the service does not drain."""
        return self._supervision.ready(now, look(self.board, None))

    def alive(self, now: float) -> bool:
        """Return whether not every worker is past its kill limit."""
        return self._supervision.alive(now, look(self.board, None))

    @property
    def restarts(self) -> int:
        """Workers started beyond the first ones."""
        return max(0, sum(slot.gauges[SlotCell.CLAIMS] for slot in self.board.slots()) - self._workers)

    def document(self, now: float) -> dict[str, Any]:
        """Return the whole state; times in seconds, `at` on the monotonic clock of this machine."""
        slots = self.board.slots()
        living = [slot for slot in slots if slot.alive]
        self.stalls.update()
        return {
            "schema": SCHEMA,
            "version": VERSION,
            "ready": self.ready(now),
            "phase": self._supervision.phase.public,
            "server_pid": self.server_pid,
            "wanted": self._workers,
            "workers": [_worker(slot, now) for slot in living],
            "stalls": self.stalls.totals(),
            "recent_stalls": self.stalls.recent(),
            "dependencies": _dependencies(slots, living),
            "refused": _counted(slots, "refused"),
            "errors": _counted(slots, "errors"),
            "restarts": self.restarts,
            "killed": self.killed,
        }


def _worker(slot: Slot, now: float) -> dict[str, Any]:
    return {
        "pid": slot.pid,
        "state": slot.state,
        "heartbeat_age": max(0.0, now - slot.heartbeat),
        "in_flight": slot.in_flight,
        "limit": slot.limit,
        "queued": slot.queued,
    }


_SUMMED = {
    "calls": DependencyCell.CALLS,
    "attempts": DependencyCell.ATTEMPTS,
    "retries": DependencyCell.RETRIES,
    "failures": DependencyCell.FAILURES,
    "refused": DependencyCell.REFUSED,
    "degraded": DependencyCell.DEGRADED,
}


def _dependencies(slots: Iterable[Slot], living: Iterable[Slot]) -> list[dict[str, Any]]:
    """Sum the counters over all slots; the breaker shown is the worst of the living workers'."""
    found: dict[str, dict[str, Any]] = {}
    for slot in slots:
        for name, cells in slot.dependencies.rows():
            row = found.setdefault(name, {"name": name, **dict.fromkeys(_SUMMED, 0), "breaker": 0})
            for word, cell in _SUMMED.items():
                row[word] += cells[cell]
    for slot in living:
        for name, cells in slot.dependencies.rows():
            if name in found:
                found[name]["breaker"] = max(found[name]["breaker"], cells[DependencyCell.BREAKER])
    return [
        {**row, "breaker": BREAKER_STATES[min(row["breaker"], len(BREAKER_STATES) - 1)]}
        for _, row in sorted(found.items())
    ]


def _counted(slots: Iterable[Slot], table: str) -> dict[str, int]:
    total: dict[str, int] = {}
    for slot in slots:
        for name, cells in getattr(slot, table).rows():
            total[name] = total.get(name, 0) + cells[0]
    return total
