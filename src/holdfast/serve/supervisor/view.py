"""The board as the supervisor's core sees it."""

from __future__ import annotations

from holdfast.clock import Now, monotonic
from holdfast.serve.supervisor.actions import Observation, WorkerSeen
from holdfast.service.health import HealthConfig, Readiness, vital
from holdfast.telemetry.board import Board

__all__ = ["View", "look"]


class View:
    """Looks at `board`, and remembers of each living worker how it has fared, as `health` wants it.

    `look` is called several times a second: what it does not see has not happened.
    """

    def __init__(self, board: Board, health: HealthConfig | None = None, now: Now = monotonic) -> None:
        self._board = board
        self._health = HealthConfig() if health is None else health
        self._now = now
        self._readiness: dict[tuple[int, float], Readiness] = {}

    def look(self, exited: int | None = None) -> Observation:
        """Return the living workers; one that died leaves its slot as it was, and is left out.

        `exited` is the server's exit status, None while it runs.
        """
        workers = []
        now, known = self._now(), self._readiness
        self._readiness = {}
        for slot in self._board.slots():
            if not slot.alive:
                continue
            pid, state, booted_at = slot.pid, slot.state, slot.booted_at
            causes: tuple[str, ...] = ()
            if self._health.active and state == "serving":
                mine = known.get((pid, booted_at)) or Readiness(self._health, now)
                self._readiness[pid, booted_at] = mine
                mine.update(now, vital(slot, self._health))
                causes = mine.causes if not mine.ready else ()
            workers.append(WorkerSeen(pid, state, slot.heartbeat, booted_at, causes))
        return Observation(tuple(workers), exited)


def look(board: Board, exited: int | None = None) -> Observation:
    """Return the living workers on `board`, without a memory of how they have fared."""
    return View(board).look(exited)
