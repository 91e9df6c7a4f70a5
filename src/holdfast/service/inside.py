"""What a held app tells of its inside: the flight record, loop time by route, dumps, debug mode."""

from __future__ import annotations

import asyncio
import logging
import os
from bisect import bisect_left
from pathlib import Path

from starlette.types import Scope

from holdfast.budget.model.loop import Loop
from holdfast.loop.debugging import Debugging
from holdfast.loop.route import template
from holdfast.loop.watch import watching
from holdfast.service.gatekeeper.ledger import UNMATCHED
from holdfast.telemetry import process
from holdfast.telemetry.board import FlightRing, Slot
from holdfast.telemetry.board.layout import LONGEST_NS
from holdfast.telemetry.buckets import FIRST_BUCKET, SUM_NS
from holdfast.telemetry.flight import dump_path

__all__ = ["Inside"]

_log = logging.getLogger("holdfast")
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


class Inside:
    """Belongs to the running loop.

    `flight` is None where nobody would read it: without a supervisor the board ends with the process.
    """

    __slots__ = ("_bounds", "_debugging", "_slot", "flight")

    def __init__(self, slot: Slot, section: Loop) -> None:
        self._slot = slot
        self._bounds = process.board().bounds
        self.flight: FlightRing | None = None
        if process.board().path is not None:
            self.flight = slot.flight
            self.flight.open()
        loop = asyncio.get_running_loop()
        self._debugging = Debugging(loop, on=section.debug, slow=section.slow_callback)

    def dump(self, section: Loop) -> None:
        """Dump stacks from within C code where the budget asks for it; a watch must run by now."""
        watch = watching(asyncio.get_running_loop())
        if not section.dump or watch is None:
            return
        board = process.board().path
        path: Path | None = None if board is None else dump_path(board, os.getpid())
        try:
            watch.dump_to(path)
        except OSError as error:
            _log.warning("no stacks are dumped from within C code: %s", error)

    def mark(self, now: float) -> None:
        """Bring the flight record up to date; called at each beat."""
        if self.flight is not None:
            self.flight.mark(now, template)

    def held(self, scope: Scope, total: float, longest: float) -> None:
        """Add a request that held the loop for `total` seconds, `longest` at once."""
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        row = self._slot.held.row(f"{method} {template(scope) or UNMATCHED}")
        row[bisect_left(self._bounds, total) + FIRST_BUCKET] += 1
        row[SUM_NS] += int(total * 1e9)
        row[LONGEST_NS] = max(row[LONGEST_NS], int(longest * 1e9))

    def end(self) -> None:
        """Put the loop back as it was."""
        self._debugging.undo()
