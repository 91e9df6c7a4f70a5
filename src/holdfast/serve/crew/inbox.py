"""Signals as a queue, for a process without a loop: none comes between a look and the wait after it."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Collection
from types import FrameType

__all__ = ["Inbox"]


class Inbox:
    """Takes `signals`, in the main thread, until `release`."""

    __slots__ = ("_read", "_signals", "_write")

    def __init__(self, signals: Collection[signal.Signals]) -> None:
        self._signals = frozenset(signals)
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for sig in self._signals:
            signal.signal(sig, _arrived)

    def wait(self, seconds: float) -> list[int]:
        """Return what has come, once something has or `seconds` are over."""
        readable, _, _ = select.select([self._read], [], [], max(0.0, seconds))
        return list(os.read(self._read, 4096)) if readable else []

    def hold(self) -> None:
        """Have signals wait, around a fork: one for the child must not be taken for one of ours."""
        signal.pthread_sigmask(signal.SIG_BLOCK, self._signals)

    def resume(self) -> None:
        """End `hold`."""
        signal.pthread_sigmask(signal.SIG_UNBLOCK, self._signals)

    def release(self) -> None:
        """Give the signals their usual meaning again; also in a forked child, before `resume`."""
        signal.set_wakeup_fd(-1)
        for sig in self._signals:
            signal.signal(sig, signal.SIG_DFL)
        os.close(self._read)
        os.close(self._write)


def _arrived(number: int, frame: FrameType | None) -> None:
    """Do nothing: its number is in the pipe."""
