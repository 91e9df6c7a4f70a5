"""How long the garbage collector has stopped the process: what it takes is no line's fault.

A collection runs on whichever thread allocates, holds the GIL, and so stops the loop wherever it runs.
"""

from __future__ import annotations

import gc
from typing import Any

from holdfast.clock import Now, monotonic

__all__ = ["Garbage"]


class Garbage:
    """Adds up the pauses while it is started; `seconds` never falls.

    Its cost is a call at the start and one at the end of each collection, which comes after hundreds of
    allocations.
    """

    __slots__ = ("_now", "_paused")

    def __init__(self, now: Now = monotonic) -> None:
        self._now = now
        # The sum so far, and since when the collection runs that is going on. One tuple, replaced whole: the
        # watchdog's thread reads it.
        self._paused: tuple[float, float | None] = (0.0, None)

    @property
    def seconds(self) -> float:
        """The sum of the pauses, of the one that is going on its part.

        Whoever looks may do so within one: other callbacks of the collector are Python too, and let go of the
        GIL before ours is told of the end.
        """
        total, began = self._paused
        return total if began is None else total + max(0.0, self._now() - began)

    def start(self) -> None:
        """Begin to count."""
        if self.note not in gc.callbacks:
            gc.callbacks.append(self.note)

    def stop(self) -> None:
        """Count no more."""
        if self.note in gc.callbacks:
            gc.callbacks.remove(self.note)
        self._paused = (self.seconds, None)

    def note(self, phase: str, info: dict[str, Any]) -> None:
        """Take what `gc.callbacks` tell; collections do not nest."""
        self._paused = (self.seconds, self._now() if phase == "start" else None)
