"""The file that the state board lives in."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path

from holdfast.telemetry.board import Board

__all__ = ["new_board"]

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made there
_PREFIX = "holdfast-"


def new_board(slots: int, stack: ExitStack, parent: Path | None = None) -> tuple[Board, Path]:
    """Return a new board and its path, below `parent`; by default in memory where a file system for that is.

    `stack` removes it; those of supervisors that were killed are removed here. (On a disk, a page that is
    being written back would block whoever beats on it.)
    """
    if parent is None:
        shared = os.access(_SHARED_MEMORY, os.W_OK)
        parent = _SHARED_MEMORY if shared else Path(tempfile.gettempdir())
    _sweep(parent)
    # Under a name that nobody sweeps, until it is locked.
    made = Path(tempfile.mkdtemp(prefix=f".{_PREFIX}", dir=parent))
    folder = made.with_name(made.name.removeprefix("."))
    stack.callback(_remove, made, folder)
    stack.callback(os.close, _locked(made))
    made.rename(folder)
    path = folder / "board"
    board = Board.create(path, slots)
    stack.callback(board.close)
    return board, path


def _sweep(parent: Path) -> None:
    """Remove the boards that no supervisor holds: the kernel lets go of a lock when its holder dies."""
    for folder in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            lock = _locked(folder)
            _remove(folder)
            os.close(lock)


def _locked(folder: Path) -> int:
    """Lock `folder`; returns the descriptor that holds it. Raises OSError when somebody else does."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise
    return fd


def _remove(*folders: Path) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
