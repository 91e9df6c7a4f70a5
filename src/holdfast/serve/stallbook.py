"""The stalls of all workers, read from their rings while they happen: sums by place, the last ones, a log."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from holdfast.clock import Now, monotonic
from holdfast.errors import UsageError
from holdfast.events import StallSeen
from holdfast.telemetry.board import Board
from holdfast.telemetry.stalllog import Record, line, previous
from holdfast.telemetry.stalls import StallTally

__all__ = ["LARGEST", "StallBook", "StallLog"]

RECENT = 200

LARGEST = 16 << 20
"""Bytes of a log; a full one becomes the previous one, so that twice this is what a disk has to hold."""

_LINES = 10
_PER = 60.0
"""A place gets this many lines in so many seconds; what is more is counted and summed up in a later line."""

_PLACES = 1000


class StallBook:
    """Keeps book of the stalls on `board`; `log` names a file that they are appended to, see `stalllog`.

    Raises `UsageError` when the log cannot be written.
    """

    __slots__ = ("_board", "_last", "_log", "_read", "_tally")

    def __init__(self, board: Board, log: Path | None = None, *, largest: int = LARGEST) -> None:
        self._board = board
        self._tally = StallTally(RECENT)
        self._read: dict[int, int] = {}
        self._last: dict[int, StallSeen] = {}
        self._log = None if log is None else StallLog(log, largest)

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
            if self._log is not None:
                for stall in stalls:
                    self._log.write(slot.pid, stall)

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


class StallLog:
    """Appends to the file `path`, bounded in lines a minute and in bytes.

    Raises `UsageError` when it cannot be opened; from then on a disk that is full loses lines, and the
    supervisor goes on.
    """

    __slots__ = ("_file", "_largest", "_now", "_path", "_places", "_written")

    def __init__(self, path: Path, largest: int = LARGEST, now: Now = monotonic) -> None:
        self._path = path
        self._largest = largest
        self._now = now
        self._places: dict[tuple[str, int, str, str], _Place] = {}
        try:
            self._file: IO[str] = _open(path)
        except OSError as error:
            message = f"cannot write the stall log {path}: {error.strerror}"
            raise UsageError(message, place="--stall-log") from None
        self._written = self._file.tell()

    def write(self, worker: int, stall: StallSeen) -> None:
        """Write a line, or count it for a later one."""
        key = (stall.file, stall.line, stall.function, stall.route)
        place = self._places.get(key)
        if place is None:
            while len(self._places) >= _PLACES:
                self._flush(self._places.pop(next(iter(self._places))))
            place = self._places[key] = _Place()
        if place.may(self._now()):
            self._append(Record(_time(), worker, stall, *place.taken()))
        else:
            place.skip(worker, stall)

    def close(self) -> None:
        """Write what was skipped, and close."""
        for place in self._places.values():
            self._flush(place)
        self._places.clear()
        with suppress(OSError):
            self._file.close()

    def _flush(self, place: _Place) -> None:
        """Write the last one that was skipped, with the sum of those before it."""
        if place.last is not None:
            worker, stall = place.last
            skipped, seconds = place.taken()
            self._append(Record(_time(), worker, stall, skipped - 1, seconds - stall.duration))

    def _append(self, record: Record) -> None:
        text = line(record)
        with suppress(OSError, ValueError):  # a full disk must not take the supervisor
            if self._written and self._written + len(text) > self._largest:
                self._turn(self._path.replace)
            self._file.write(text)
            self._file.flush()
            self._written += len(text)

    def _turn(self, move: Callable[[Path], Any]) -> None:
        self._file.close()
        try:
            move(previous(self._path))
        finally:
            self._file = _open(self._path)
            self._written = self._file.tell()


class _Place:
    """How often a place was written lately, and what was not."""

    __slots__ = ("_lines", "_since", "last", "seconds", "skipped")

    def __init__(self) -> None:
        self._since = float("-inf")
        self._lines = 0
        self.skipped = 0
        self.seconds = 0.0
        self.last: tuple[int, StallSeen] | None = None

    def may(self, now: float) -> bool:
        """Return whether a line may be written, and count it."""
        if now - self._since >= _PER:
            self._since, self._lines = now, 0
        self._lines += 1
        return self._lines <= _LINES

    def skip(self, worker: int, stall: StallSeen) -> None:
        """Count what is not written."""
        self.skipped += 1
        self.seconds += stall.duration
        self.last = (worker, stall)

    def taken(self) -> tuple[int, float]:
        """Return how many were skipped and their seconds, and begin anew."""
        taken = (self.skipped, self.seconds)
        self.skipped, self.seconds, self.last = 0, 0.0, None
        return taken


def _time() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _open(path: Path) -> IO[str]:
    return path.open("a", encoding="utf-8")
