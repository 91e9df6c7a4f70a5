"""A board as one scrape sees it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from holdfast.telemetry.board import Board, Slot

__all__ = ["View"]


class View:
    """`slots`: all that were ever owned. `living`: those whose worker runs. `now`: seconds, monotonic.

    `listener`, `dropped_before`: as `Board.listener`.
    """

    def __init__(self, board: Board, now: float) -> None:
        self.slots: list[Slot] = [slot for slot in board.slots() if slot.ever_owned]
        self.living: list[Slot] = [slot for slot in self.slots if slot.alive]
        self.bounds = board.bounds
        self.listener, self.dropped_before = board.listener
        self.now = now
        self._sums: dict[str, dict[str, list[int]]] = {}

    def summed(self, table: str) -> dict[str, list[int]]:
        """Return the rows of one table added up over all slots, by name."""
        sums = self._sums.get(table)
        if sums is None:
            sums = self._sums[table] = {}
            for slot in self.slots:
                for name, cells in getattr(slot, table).rows():
                    here = cells.tolist()
                    before = sums.get(name)
                    sums[name] = (
                        here if before is None else [a + b for a, b in zip(before, here, strict=True)]
                    )
        return sums

    def counted(self, cell: int) -> int:
        """Return a counter of the slots added up."""
        return sum(slot.gauges[cell] for slot in self.slots)

    def gauged(self, cell: int) -> Iterator[tuple[tuple[str, ...], float]]:
        """Yield a gauge of each living worker, labelled by worker."""
        for slot in self.living:
            yield (str(slot.index),), slot.gauges[cell]

    @cached_property
    def states(self) -> dict[str, int]:
        """How many workers there are by state."""
        states = dict.fromkeys(("booting", "serving", "draining"), 0)
        for slot in self.living:
            states[slot.state] = states.get(slot.state, 0) + 1
        # A slot that was neither given back nor taken over belongs to a worker that was killed.
        states["dead"] = sum(slot.state != "free" for slot in self.slots if slot not in self.living)
        return states
