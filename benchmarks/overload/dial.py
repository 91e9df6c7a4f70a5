"""What the service does in each request, turned from outside while it runs: numbers in a shared file."""

from __future__ import annotations

import mmap
import os
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["AS_EVER", "VARIABLE", "Dial", "Work"]

VARIABLE = "OVERLOAD_DIAL"
"""Where the service finds the file."""

_LAYOUT = struct.Struct("=ddd")


@dataclass(frozen=True, slots=True)
class Work:
    """One request: `cpu` seconds of CPU before and after `awaited` seconds of waiting."""

    cpu: float = 0.001
    awaited: float = 0.020


AS_EVER = Work()


class Dial:
    """The file at `path`, made where there is none. Aligned doubles: a reader sees old or new, not half."""

    def __init__(self, path: Path) -> None:
        new = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if new:
                os.ftruncate(descriptor, mmap.PAGESIZE)
            self._memory = mmap.mmap(descriptor, mmap.PAGESIZE)
        finally:
            os.close(descriptor)
        if new:
            self.set(AS_EVER)

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Dial:
        """Return the one that the environment names."""
        return cls(Path(environ[VARIABLE]))

    def set(self, work: Work) -> None:
        """Have requests from now on work like this, and the dependency answer again."""
        _LAYOUT.pack_into(self._memory, 0, work.cpu, work.awaited, 0.0)

    def hang(self, seconds: float) -> None:
        """Have the dependency answer nobody for `seconds`; who waits then is answered at their end."""
        cpu, awaited, _ = _LAYOUT.unpack_from(self._memory)
        _LAYOUT.pack_into(self._memory, 0, cpu, awaited, time.monotonic() + seconds)

    def read(self) -> tuple[float, float]:
        """Return the seconds of CPU of each half, and the seconds that a request that comes now waits."""
        cpu, awaited, until = _LAYOUT.unpack_from(self._memory)
        return cpu, awaited if until == 0.0 else max(awaited, until - time.monotonic())
