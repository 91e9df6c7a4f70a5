"""Where lines go."""

from __future__ import annotations

import os
import select
from collections.abc import Iterable, Iterator
from typing import Protocol

__all__ = ["Descriptor", "Sink"]

_ATOMIC = select.PIPE_BUF
"""Bytes that a pipe takes whole: what several workers write to one pipe is then not mixed (pipe(7))."""


class Sink(Protocol):
    """Takes whole lines, on the writer's thread; may block and may raise OSError."""

    def write(self, lines: Iterable[bytes]) -> None:
        """Write `lines`, each with its end."""


class Descriptor:
    """Writes to a file descriptor, whether or not somebody has made it non-blocking."""

    def __init__(self, number: int) -> None:
        self._number = number

    def write(self, lines: Iterable[bytes]) -> None:
        """Write `lines` in parts that a pipe takes whole, as far as a single line fits into one."""
        for part in _parts(lines):
            left = memoryview(part)
            while left:
                try:
                    left = left[os.write(self._number, left) :]
                except BlockingIOError:
                    waiting = select.poll()
                    waiting.register(self._number, select.POLLOUT)
                    waiting.poll()


def _parts(lines: Iterable[bytes]) -> Iterator[bytes]:
    gathered = b""
    for line in lines:
        if gathered and len(gathered) + len(line) > _ATOMIC:
            yield gathered
            gathered = b""
        gathered += line
    if gathered:
        yield gathered
