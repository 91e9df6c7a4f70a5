"""The stalls of all workers, read from their rings while they happen: sums by place, the last ones, a log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from holdfast.errors import UsageError
from holdfast.events import StallSeen
from holdfast.telemetry.board import Board
from holdfast.telemetry.stalls import StallTally

__all__ = ["StallBook"]

RECENT = 200


class StallBook:
    """Keeps book of the stalls on `board`; `log` names a file that each is appended to, one JSON line a part.

    Raises `UsageError` when the log cannot be written.
    """

    __slots__ = ("_board", "_last", "_log", "_read", "_tally")

    def __init__(self, board: Board, log: Path | None = None) -> None:
        self._board = board
        self._tally = StallTally(RECENT)
        self._read: dict[int, int] = {}
        self._last: dict[int, StallSeen] = {}
        self._log = None if log is None else _opened(log)

    def update(self) -> None:
        """Read what is new on the board."""
        for slot in self._board.slots():
            seen = self._read.get(slot.index, 0)
            if slot.stalls.sequence == seen:
                continue
            stalls, self._read[slot.index] = slot.stalls.read(seen)
            if not stalls:
                continue
            self._tally.add(slot.index, stalls)
            self._last[slot.pid] = stalls[-1]
            self._write(slot.pid, stalls)

    def since(self, pid: int, heartbeat: float) -> StallSeen | None:
        """Return the last stall of worker `pid` if it reaches beyond its last `heartbeat`, else None."""
        last = self._last.get(pid)
        return last if last is not None and last.at + last.duration > heartbeat else None

    def totals(self) -> list[dict[str, Any]]:
        """Return the sums by place, the worst first, as JSON-ready data."""
        return [total.document() for total in self._tally.totals()]

    def recent(self) -> list[dict[str, Any]]:
        """Return the last stalls, oldest first, as JSON-ready data."""
        return [asdict(stall) for stall in self._tally.recent()]

    def close(self) -> None:
        """Close the log."""
        if self._log is not None:
            self._log.close()
            self._log = None

    def _write(self, pid: int, stalls: list[StallSeen]) -> None:
        if self._log is None:
            return
        with suppress(OSError):  # a full disk must not take the supervisor
            self._log.writelines(_lines(pid, stalls))
            self._log.flush()


def _lines(pid: int, stalls: list[StallSeen]) -> Iterator[str]:
    for stall in stalls:
        yield json.dumps({"worker": pid, **asdict(stall)}) + "\n"


def _opened(path: Path) -> IO[str]:
    try:
        return path.open("a", encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"cannot write the stall log {path}: {error.strerror}", place="--stall-log"
        ) from None
