"""The file in shared memory: made by the supervisor, mapped by each worker, outliving a kill -9."""

from __future__ import annotations

import fcntl
import mmap
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from holdfast.errors import HoldfastError, UsageError
from holdfast.telemetry.board.flight import FLIGHT_BYTES
from holdfast.telemetry.board.layout import (
    HEADER_BYTES,
    MAGIC,
    VERSION,
    HeaderCell,
    board_bytes,
    slot_bytes,
)
from holdfast.telemetry.board.ring import RING_BYTES
from holdfast.telemetry.board.slot import Slot
from holdfast.telemetry.buckets import BOUNDS, MOST_BOUNDS

__all__ = ["Board", "BoardFull"]

_RINGS = RING_BYTES + FLIGHT_BYTES
_SLOT_BYTES = slot_bytes(_RINGS)


class BoardFull(HoldfastError):
    """Every slot has a living owner."""


class Board:
    """A state board; get one by `create`, `open` or `private`.

    `path` is None for a private one.
    """

    __slots__ = ("_claiming", "_fd", "_map", "_slots", "path")

    def __init__(self, mapped: mmap.mmap, fd: int | None, path: Path | None) -> None:
        """Wrap the mapping of a board whose header is right; `fd` is owned from here on."""
        self._map = mapped
        self._fd = fd
        self.path = path
        self._claiming = threading.Lock()
        raw = memoryview(mapped)
        slots = raw[:HEADER_BYTES].cast("Q")[HeaderCell.SLOTS]
        starts = range(HEADER_BYTES, board_bytes(slots, _RINGS), _SLOT_BYTES)
        self._slots = [Slot(raw[start : start + _SLOT_BYTES], i) for i, start in enumerate(starts)]

    @classmethod
    def create(cls, path: str | Path, slots: int) -> Board:
        """Make the file `path` (mode 0600), which must not exist, with `slots` free slots, and map it.

        Raises `UsageError` when it cannot be made or its file system has no room for it: writing to a page
        that the file system cannot give would kill the writer (SIGBUS).
        """
        path = Path(path)
        if slots < 1:
            raise ValueError(f"a board needs a slot, not {slots}")
        size = board_bytes(slots, _RINGS)
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise UsageError(f"cannot make a state board: {error.strerror}", place=str(path)) from None
        try:
            room = os.fstatvfs(fd)
            if room.f_blocks and room.f_bavail * room.f_frsize < size:
                raise UsageError(f"no room for a state board of {size} bytes", place=str(path))
            os.ftruncate(fd, size)
            mapped = mmap.mmap(fd, size)
            _write_header(mapped, slots)
        except BaseException:
            os.close(fd)
            path.unlink()
            raise
        return cls(mapped, fd, path)

    @classmethod
    def open(cls, path: str | Path) -> Board:
        """Map the board in `path`; raises `UsageError` when there is none, or one of another version."""
        path = Path(path)
        try:
            fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise UsageError(f"cannot open the state board: {error.strerror}", place=str(path)) from None
        try:
            mapped = _map_checked(fd, str(path))
        except BaseException:
            os.close(fd)
            raise
        return cls(mapped, fd, path)

    @classmethod
    def private(cls) -> Board:
        """Make a board of one slot that only this process sees."""
        size = board_bytes(1, _RINGS)
        mapped = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        _write_header(mapped, 1)
        return cls(mapped, None, None)

    @property
    def bounds(self) -> tuple[float, ...]:
        """Upper bounds of the latency histograms, in seconds, ascending.

        Whoever makes the board sets them, before anything is counted. Raises `ValueError` for more than
        MOST_BOUNDS.
        """
        with memoryview(self._map) as raw, raw[:HEADER_BYTES].cast("Q") as header:
            first = HeaderCell.FIRST_BOUND
            return tuple(ns / 1e9 for ns in header[first : first + header[HeaderCell.BOUNDS]])

    @bounds.setter
    def bounds(self, bounds: tuple[float, ...]) -> None:
        if len(bounds) > MOST_BOUNDS:
            raise ValueError(f"a histogram has room for {MOST_BOUNDS} bounds, not {len(bounds)}")
        with memoryview(self._map) as raw, raw[:HEADER_BYTES].cast("Q") as header:
            for position, bound in enumerate(bounds, HeaderCell.FIRST_BOUND):
                header[position] = round(bound * 1e9)
            header[HeaderCell.BOUNDS] = len(bounds)

    @property
    def listener(self) -> tuple[int, int]:
        """The inode of the socket on which the service listens, and `listener.dropped()` when it was opened.

        Whoever makes the board sets it; 0 where nobody has.
        """
        with memoryview(self._map) as raw, raw[:HEADER_BYTES].cast("Q") as header:
            return header[HeaderCell.LISTENER], header[HeaderCell.DROPPED_BEFORE]

    @listener.setter
    def listener(self, listener: tuple[int, int]) -> None:
        with memoryview(self._map) as raw, raw[:HEADER_BYTES].cast("Q") as header:
            header[HeaderCell.LISTENER], header[HeaderCell.DROPPED_BEFORE] = listener

    def slots(self) -> list[Slot]:
        """Return all slots, free ones included, in their order in the file."""
        return list(self._slots)

    def claim(self, pid: int, now: float) -> Slot:
        """Make `pid` the owner of a slot, "booting" from `now` on; safe for several processes at once.

        Takes the slot that `pid` has already, else one that is free, else one whose owner is dead. Raises
        `BoardFull` where there is none.
        """
        with self._claiming, self._locked():
            for slot in self._slots:
                if slot.pid == pid:
                    slot.take(pid, now)
                    return slot
            for wanted in ("never", "free", "dead"):
                fitting = [slot for slot in self._slots if _is(wanted, slot)]
                if fitting:
                    # The one left longest ago: what stands there of the dead is to be read by others first.
                    slot = min(fitting, key=lambda slot: slot.heartbeat)
                    slot.take(pid, now)
                    return slot
        raise BoardFull(
            f"all {len(self._slots)} slots of the state board {self.path or ''} have living owners"
        )

    def close(self) -> None:
        """Unmap the board; the memory goes when the last row that somebody holds goes. The file stays."""
        self._slots = []
        with suppress(BufferError):  # rows are still held: they keep the mapping until they are dropped
            self._map.close()
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def remove(self) -> None:
        """Close the board and delete its file."""
        self.close()
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep other processes from claiming; the kernel lets go when a holder dies."""
        if self._fd is None:
            yield
            return
        fcntl.lockf(self._fd, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._fd, fcntl.LOCK_UN)


def _is(wanted: str, slot: Slot) -> bool:
    """Prefer slots in this order: never used, given back, left behind by the dead."""
    if wanted == "dead":
        return not slot.alive
    return slot.state == "free" and (wanted == "free" or not slot.ever_owned)


def _write_header(mapped: mmap.mmap, slots: int) -> None:
    with memoryview(mapped) as raw, raw[:HEADER_BYTES].cast("Q") as header:
        header[HeaderCell.VERSION] = VERSION
        header[HeaderCell.SLOTS] = slots
        header[HeaderCell.SLOT_BYTES] = _SLOT_BYTES
        for position, bound in enumerate(BOUNDS, HeaderCell.FIRST_BOUND):
            header[position] = round(bound * 1e9)
        header[HeaderCell.BOUNDS] = len(BOUNDS)
        header[HeaderCell.MAGIC] = MAGIC  # last: whoever sees it sees a whole header


def _map_checked(fd: int, place: str) -> mmap.mmap:
    """Map a file after checking that it is a board of this version and whole."""
    size = os.fstat(fd).st_size
    if size < HEADER_BYTES:
        raise UsageError("not a state board: too short", place=place)
    mapped = mmap.mmap(fd, size)
    with memoryview(mapped) as raw, raw[:HEADER_BYTES].cast("Q") as header:
        cells = (HeaderCell.MAGIC, HeaderCell.VERSION, HeaderCell.SLOTS, HeaderCell.SLOT_BYTES)
        magic, version, slots, each = (header[cell] for cell in cells)
    wrong = ""
    if magic != MAGIC:
        wrong = "not a state board: no magic"
    elif version != VERSION or each != _SLOT_BYTES:
        wrong = f"a state board of another version of holdfast ({version}, not {VERSION})"
    elif not slots or size != board_bytes(slots, _RINGS):
        wrong = f"a damaged state board: {size} bytes for {slots} slots"
    if wrong:
        mapped.close()
        raise UsageError(wrong, place=place)
    return mapped
