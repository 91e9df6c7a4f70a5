"""The drains of the apps that run in this process, for the server that has to lead them through it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holdfast.service.drain.drain import Drain

__all__ = ["entered", "here", "left"]

_running: dict[int, list[Drain]] = {}
# By pid: a forked child has none of its parent's.


def here() -> tuple[Drain, ...]:
    """Return the drains of what runs in this process."""
    return tuple(_running.get(os.getpid(), ()))


def entered(drain: Drain) -> None:
    """Say that `drain`'s app runs here."""
    _running.setdefault(os.getpid(), []).append(drain)


def left(drain: Drain) -> None:
    """Say that it no longer does."""
    mine = _running.get(os.getpid(), [])
    if drain in mine:
        mine.remove(drain)
