"""The supervisor's state as one JSON document, schema "holdfast.state" version 1."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from holdfast.serve.stallbook import StallBook
from holdfast.serve.supervisor.core import Supervision
from holdfast.serve.supervisor.flight import FlightBook
from holdfast.serve.supervisor.rolling import Rolling
from holdfast.serve.supervisor.view import View
from holdfast.telemetry.board import Board, DependencyCell, Slot, SlotCell
from holdfast.telemetry.recorder import BREAKER_STATES
from holdfast.telemetry.refusals import split

__all__ = ["SCHEMA", "VERSION", "Status"]

SCHEMA = "holdfast.state"
VERSION = 1


class Status:
    """What the admin port tells, read from the board when it is asked.

    `server_pid` is the master, Gunicorn's or ours; `killed` counts the workers that the supervisor killed,
    `spared` the times that it would have; `served` is whether the service has ever been up. `server` is what
    serves.
    """

    def __init__(
        self,
        board: Board,
        supervision: Supervision,
        stalls: StallBook,
        workers: int,
        *,
        view: View | None = None,
        rolling: Rolling | None = None,
        server: str = "gunicorn",
        flights: FlightBook | None = None,
    ) -> None:
        self.board = board
        self.stalls = stalls
        self.server_pid = 0
        self.killed = self.spared = 0
        self.served = False
        self._supervision = supervision
        self._workers = workers
        self._view = View(board) if view is None else view
        self._rolling = Rolling() if rolling is None else rolling
        self._server = server
        self._flights = flights

    def ready(self, now: float) -> bool:
        """Return whether a worker serves and turns its loop, and the service does not drain."""
        return self._supervision.ready(now, self._view.look())

    def alive(self, now: float) -> bool:
        """Return whether not every worker is past its kill limit."""
        return self._supervision.alive(now, self._view.look())

    @property
    def restarts(self) -> int:
        """Workers started beyond the first ones."""
        return max(0, sum(slot.gauges[SlotCell.CLAIMS] for slot in self.board.slots()) - self._workers)

    def document(self, now: float) -> dict[str, Any]:
        """Return the whole state; times in seconds, `at` on the monotonic clock of this machine."""
        slots = self.board.slots()
        living = [slot for slot in slots if slot.alive]
        causes = {worker.pid: worker.causes for worker in self._view.look().workers}
        self.stalls.update()
        return {
            "schema": SCHEMA,
            "version": VERSION,
            "ready": self.ready(now),
            "phase": self._supervision.phase.public,
            "rolling": self._rolling.phase.value,
            "server": self._server,
            "server_pid": self.server_pid,
            "wanted": self._workers,
            "workers": [_worker(slot, now, causes.get(slot.pid, ())) for slot in living],
            "stalls": self.stalls.totals(),
            "recent_stalls": self.stalls.recent(),
            "dependencies": _dependencies(slots, living),
            "refused": _refused(slots),
            "errors": _counted(slots, "errors"),
            "flights": [] if self._flights is None else [str(path) for path in self._flights.records],
            "restarts": self.restarts,
            "killed": self.killed,
            "spared": self.spared,
        }


def _worker(slot: Slot, now: float, causes: tuple[str, ...]) -> dict[str, Any]:
    return {
        "pid": slot.pid,
        "state": slot.state,
        "heartbeat_age": max(0.0, now - slot.heartbeat),
        "in_flight": slot.in_flight,
        "limit": slot.limit,
        "queued": slot.queued,
        "unready": list(causes),
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


def _refused(slots: Iterable[Slot]) -> dict[str, int]:
    """Return the refusals by reason, at whatever stage and of whatever class."""
    total: dict[str, int] = {}
    for name, number in _counted(slots, "refused").items():
        reason = split(name)[0]
        total[reason] = total.get(reason, 0) + number
    return total


def _counted(slots: Iterable[Slot], table: str) -> dict[str, int]:
    total: dict[str, int] = {}
    for slot in slots:
        for name, cells in getattr(slot, table).rows():
            total[name] = total.get(name, 0) + cells[0]
    return total
