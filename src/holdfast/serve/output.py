"""What the server and its workers write while they boot is held, and shown when it is wanted.

A service that boots shows it then; one that does not is told of in one line, and the rest with --verbose. The
workers write to the real stdout and stderr as soon as they serve, so that nothing of a running service passes
through the supervisor; what keeps the held pipe open (the master's own log, programs started while booting)
is passed on.
"""

from __future__ import annotations

import os
from collections import deque
from contextlib import suppress

__all__ = ["HeldOutput"]

_KEPT = 256 * 1024
"""Bytes held at most; the oldest go first: the cause of a failure is in the end."""


class HeldOutput:
    """Reads the pipe `fd`; holds until `release`, then writes to `target` (a descriptor)."""

    __slots__ = ("_chunks", "_fd", "_held", "_holding", "_target")

    def __init__(self, fd: int, target: int) -> None:
        os.set_blocking(fd, False)
        self._fd = fd
        self._target = target
        self._chunks: deque[bytes] = deque()
        self._held = 0
        self._holding = True

    def pump(self) -> bool:
        """Take what is there; False when every writer has gone."""
        with suppress(BlockingIOError):
            while chunk := os.read(self._fd, 65536):
                if self._holding:
                    self._hold(chunk)
                else:
                    self._write(chunk)
            return False
        return True

    def release(self) -> None:
        """Show what is held, and from now on pass on at once."""
        self._holding = False
        while self._chunks:
            self._write(self._chunks.popleft())

    def text(self) -> str:
        """Return what is held."""
        return b"".join(self._chunks).decode(errors="replace")

    def _hold(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self._held += len(chunk)
        while self._held - len(self._chunks[0]) > _KEPT:
            self._held -= len(self._chunks.popleft())

    def _write(self, chunk: bytes) -> None:
        rest = memoryview(chunk)
        with suppress(OSError):  # whoever read our stderr has gone: serve on
            while rest:
                rest = rest[os.write(self._target, rest) :]
