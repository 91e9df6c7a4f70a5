"""The board as the supervisor's core sees it."""

from __future__ import annotations

from holdfast.serve.supervisor.actions import Observation, WorkerSeen
from holdfast.telemetry.board import Board

__all__ = ["look"]


def look(board: Board, exited: int | None) -> Observation:
    """Return the living workers on `board`; one that died leaves its slot as it was, and is left out."""
    workers = tuple(
        WorkerSeen(slot.pid, slot.state, slot.heartbeat, slot.booted_at)
        for slot in board.slots()
        if slot.alive
    )
    return Observation(workers, exited)
