"""One traced request for each bucket of the latency histograms: from a spike to a trace in one step.

The worker writes what it has traced, at the end of the server span; whoever exposes the board reads it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from holdfast.telemetry.board import Slot
from holdfast.telemetry.board.layout import ExemplarCell

__all__ = ["Exemplar", "exemplars", "note"]

_WORD = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A request that took `value` seconds and ended `at` (seconds since 1970); ids as W3C writes them."""

    trace_id: str
    span_id: str
    value: float
    at: float


def note(slot: Slot, row: str, bounds: tuple[float, ...], ids: tuple[int, int], took: int, at: int) -> None:
    """Write a request of the request row `row`; `ids`: of trace and span. `took` and `at` in nanoseconds."""
    trace, span = ids
    # One span ends at a time in a process: nobody else writes here.
    words = (trace >> 64, trace & _WORD, span, took, at)
    cells = slot.exemplars.row(f"{row}\t{bisect_left(bounds, took / 1e9)}")
    check = 0
    for position, word in enumerate(words):
        cells[position] = word
        check ^= word
    cells[ExemplarCell.CHECK] = check


def exemplars(slots: Iterable[Slot]) -> dict[tuple[str, int], Exemplar]:
    """Return the newest of all slots by request row and bucket; one that is being written is left out."""
    found: dict[tuple[str, int], Exemplar] = {}
    for slot in slots:
        for name, cells in slot.exemplars.rows():
            row, _, bucket = name.rpartition("\t")
            high, low, span, took, at, check = cells.tolist()
            if not bucket.isdecimal() or high ^ low ^ span ^ took ^ at != check:
                continue
            known = found.get((row, int(bucket)))
            if known is None or known.at < at / 1e9:
                trace = (high << 64) | low
                found[row, int(bucket)] = Exemplar(f"{trace:032x}", f"{span:016x}", took / 1e9, at / 1e9)
    return found
