"""A sink that keeps lines, and one that blocks until it is let go."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from typing import Any


class Kept:
    """Keeps what is written to it, as JSON."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def write(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            assert line.endswith(b"\n")
            assert line.count(b"\n") == 1
            self.lines.append(json.loads(line))

    @property
    def messages(self) -> list[str]:
        return [line["message"] for line in self.lines]


class Blocked(Kept):
    """Blocks in `write` until `released`; `inside` is set when the writer waits in it."""

    def __init__(self) -> None:
        super().__init__()
        self.inside = threading.Event()
        self.released = threading.Event()

    def write(self, lines: Iterable[bytes]) -> None:
        self.inside.set()
        self.released.wait()
        super().write(lines)
