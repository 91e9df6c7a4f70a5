"""A loop in virtual time: an hour's wait takes a millisecond, and the order of events is always the same."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class VirtualLoop(asyncio.SelectorEventLoop):
    """Jumps to the next timer when nothing is ready. A wait for nothing is an error, not a hang."""

    def __init__(self) -> None:
        super().__init__()
        self._virtual = 1000.0

    def time(self) -> float:
        return self._virtual

    def _run_once(self) -> None:
        if not self._ready and not self._stopping:
            waiting = [handle.when() for handle in self._scheduled if not handle.cancelled()]
            if not waiting:
                raise RuntimeError("deadlock: everybody waits, and no timer is set")
            self._virtual = max(self._virtual, min(waiting))
        super()._run_once()


def run_virtual(main: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
