"""What one process has one of: its slot on the state board, and its bus.

Both are made when first asked for, and anew after a fork: a child of a process that had them gets its own.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping

from holdfast.clock import monotonic
from holdfast.errors import UsageError
from holdfast.events import Bus
from holdfast.telemetry.board import Board, BoardFull, Slot
from holdfast.telemetry.recorder import Recorder

__all__ = ["BOARD_VARIABLE", "Sampler", "beat", "board", "bus", "sampled", "slot", "supervised", "unsampled"]

BOARD_VARIABLE = "HOLDFAST_BOARD"
"""The environment variable by which the supervisor tells its workers the path of the board."""

_log = logging.getLogger("holdfast")


Sampler = Callable[[Slot], None]


class _Process:
    """The bus of a process, and its slot once claimed."""

    __slots__ = ("board", "bus", "lock", "samplers", "slot")

    def __init__(self) -> None:
        self.bus = Bus()
        self.lock = threading.Lock()
        self.samplers: list[Sampler] = []
        self.board: Board | None = None
        self.slot: Slot | None = None


_processes: dict[int, _Process] = {}
# By pid: `setdefault` is atomic, so no lock is needed that a fork could inherit while it is held.


def _here() -> _Process:
    pid = os.getpid()
    found = _processes.get(pid)
    if found is None:
        found = _processes.setdefault(pid, _Process())
        for other in [p for p in _processes if p != pid]:
            _processes.pop(other, None)  # the parent's, which a fork has copied
    return found


def bus() -> Bus:
    """Return this process's bus."""
    return _here().bus


def supervised() -> bool:
    """Whether `holdfast serve` started this process: it names the board."""
    return bool(os.environ.get(BOARD_VARIABLE))


def sampled(sampler: Sampler) -> None:
    """Have `sampler(slot)` called at every beat from now on: for gauges that are not worth a write each."""
    _here().samplers.append(sampler)


def unsampled(sampler: Sampler) -> None:
    """Undo `sampled`."""
    here = _here()
    if sampler in here.samplers:  # a fork has none of its parent's
        here.samplers.remove(sampler)


def beat(now: float, lag: float, lately: float | None = None) -> None:
    """The loop ticked at `now`: say so on the board as `Slot.beat` does, and bring its gauges up to date."""
    mine = slot()
    mine.beat(now, lag, lately)
    for sampler in _here().samplers:
        sampler(mine)


def slot() -> Slot:
    """Return this process's slot: of the board that HOLDFAST_BOARD names, else of a private one.

    Claimed by the first call, which also makes the bus record events there. Raises `UsageError` when
    HOLDFAST_BOARD names something that is no board. When the board has no slot left, the slot is private and
    a warning is logged: being watched is not worth refusing to serve.
    """
    here = _here()
    if here.slot is None:
        with here.lock:
            if here.slot is None:
                here.board, claimed = _claim(os.environ)
                Recorder(claimed).attach(here.bus)
                here.slot = claimed
    return here.slot


def board() -> Board:
    """Return the board that `slot()` lies on."""
    slot()
    found = _here().board
    assert found is not None  # noqa: S101 - slot() has set it
    return found


def _claim(environ: Mapping[str, str]) -> tuple[Board, Slot]:
    path = environ.get(BOARD_VARIABLE)
    if path:
        try:
            shared = Board.open(path)
        except UsageError as error:
            raise UsageError(str(error), place=BOARD_VARIABLE) from None
        try:
            return shared, shared.claim(os.getpid(), monotonic())
        except BoardFull as error:
            shared.close()
            _log.warning("%s: this worker is not watched from outside", error)
    private = Board.private()
    return private, private.claim(os.getpid(), monotonic())
