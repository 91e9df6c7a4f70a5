"""The flight records of workers that died: written by the supervisor, which outlives them."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from holdfast.clock import Now, monotonic
from holdfast.events import StallSeen
from holdfast.loop import dump
from holdfast.serve.supervisor.say import say
from holdfast.telemetry.board import Board, Slot
from holdfast.telemetry.flight import document, dump_path

__all__ = ["FOLDER", "KEPT", "FlightBook", "folder_told"]

FOLDER = "HOLDFAST_FLIGHTS"
"""The environment variable that names the folder of the records; default: one of ours below the temporary."""

KEPT = 20
"""Records in the folder; the oldest makes way. A service that dies all the time must not fill a disk."""

_PREFIX, _SUFFIX = "flight-", ".json"
_SHOWN = 12
"""Frames of a stack that are said; the record has them all."""

Stalled = Callable[[int, float], StallSeen | None]


def folder_told() -> Path:
    """Return where records are written."""
    told = os.environ.get(FOLDER)
    return Path(told) if told else Path(tempfile.gettempdir()) / f"holdfast-flights-{os.getuid()}"


class FlightBook:
    """Writes a record of every worker on `board` that died and did not give its slot back.

    `app` is what is served; `stalled(pid, heartbeat)` the stall that a worker is in. `update` is to be called
    more often than a slot is taken over by another worker. `records` are the files written, oldest first.
    """

    __slots__ = (
        "_app",
        "_board",
        "_folder",
        "_now",
        "_owners",
        "_reasons",
        "_stalled",
        "_unwritable",
        "records",
    )

    def __init__(
        self,
        board: Board,
        app: str,
        stalled: Stalled,
        *,
        folder: Path | None = None,
        now: Now = monotonic,
    ) -> None:
        self._board = board
        self._app = app
        self._stalled = stalled
        self._folder = folder_told() if folder is None else folder
        self._now = now
        self._owners: dict[int, tuple[int, float]] = {}
        self._reasons: dict[int, str] = {}
        self._unwritable = False
        self.records: list[Path] = []

    def expect(self, pid: int, reason: str) -> None:
        """Worker `pid` is about to be killed for `reason`."""
        self._reasons[pid] = reason

    def update(self) -> None:
        """Look who has died since the last time."""
        for slot in self._board.slots():
            owner = (slot.pid, slot.booted_at)
            known = self._owners.get(slot.index)
            if slot.state == "free":
                self._forget(known)
                self._owners.pop(slot.index, None)
            elif slot.alive:
                self._owners[slot.index] = owner
            elif known == owner:
                del self._owners[slot.index]
                if slot.state == "booting":  # it served nobody, and has told why it cannot boot
                    self._forget(owner)
                else:
                    self._record(slot)

    def _forget(self, owner: tuple[int, float] | None) -> None:
        """A worker that gave its slot back leaves nothing to be told."""
        if owner is not None:
            self._reasons.pop(owner[0], None)
            with suppress(OSError):
                self._dumped(owner[0]).unlink(missing_ok=True)

    def _record(self, slot: Slot) -> None:
        pid = slot.pid
        reason = self._reasons.pop(pid, "it ended by itself, or by somebody else's signal")
        stack = dump.read(self._dumped(pid))
        with suppress(OSError):
            self._dumped(pid).unlink(missing_ok=True)
        stall = self._stalled(pid, slot.heartbeat)
        written = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        found = document(
            slot,
            pid=pid,
            now=self._now(),
            written=written,
            app=self._app,
            reason=reason,
            stall=stall,
            stack=stack,
        )
        in_flight = sum(request["ended_at"] is None for request in found["requests"])
        path = self._write(f"{_PREFIX}{written.replace(':', '')}-{pid}{_SUFFIX}", json.dumps(found, indent=1))
        if path is not None:
            self.records.append(path)
            say(f"worker {pid} died with {in_flight} requests in flight, which are in {path}")
        for line in _shown(found["stack"]):
            say(line)

    def _write(self, name: str, text: str) -> Path | None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._folder.stat().st_uid != os.getuid():
                raise PermissionError(0, "the folder is another user's")
            path = self._folder / name
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(text)
            self._prune()
        except OSError as error:
            if not self._unwritable:
                self._unwritable = True
                say(f"cannot write flight records to {self._folder}: {error.strerror}")
            return None
        self._unwritable = False
        return path

    def _prune(self) -> None:
        found = sorted(self._folder.glob(f"{_PREFIX}*{_SUFFIX}"))  # their names begin with the time
        for old in found[:-KEPT]:
            old.unlink(missing_ok=True)
        self.records = [path for path in self.records if path not in found[:-KEPT]]

    def _dumped(self, pid: int) -> Path:
        path = self._board.path
        return dump_path(path, pid) if path is not None else Path(os.devnull)


def _shown(stack: Iterable[str]) -> list[str]:
    steps = list(stack)
    more = [f"  and {len(steps) - _SHOWN} more"] if len(steps) > _SHOWN else []
    return (
        ["where it stood, innermost first:", *(f"  {step}" for step in steps[:_SHOWN]), *more]
        if steps
        else []
    )
