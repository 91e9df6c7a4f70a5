"""Caches: what became of lookups, and the memory that values take."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.telemetry.board import CacheCell
from holdfast.telemetry.exposition.family import Family, Kind, Sample
from holdfast.telemetry.exposition.view import View

__all__ = ["FAMILIES"]


def _used(view: View) -> Iterator[Sample]:
    for name, cells in view.summed("caches").items():
        outcome, _, cache = name.partition("\t")
        if cells[CacheCell.COUNT]:
            yield (cache or outcome, outcome), cells[CacheCell.COUNT]


def _bytes(view: View) -> Iterator[Sample]:
    for slot in view.living:
        for name, cells in slot.caches.rows():
            outcome, _, cache = name.partition("\t")
            if outcome == "hit":
                yield (cache, str(slot.index)), cells[CacheCell.BYTES]


FAMILIES = (
    Family(
        "holdfast_cache",
        Kind.COUNTER,
        ("cache", "outcome"),
        "Lookups: `hit`; `shared`, a hit in the shared store; `early`, a hit that is computed anew before it "
        "expires; `stale`, served while it is computed anew; `error`, served because that failed; `absent`, "
        "known not to be; `miss`; `joined`, a miss that waited for another's computation. Further `void`, "
        "computed and invalid by then; `unfit`, no value of its type; `unavailable`, the shared store did "
        "not answer. Of responses: `pass`, a request that is none of the cache's business; `unkept`, an "
        "answer that must not be kept.",
        _used,
    ),
    Family(
        "holdfast_cache_bytes",
        Kind.GAUGE,
        ("cache", "worker"),
        "Memory that values and their keys take in a worker.",
        _bytes,
    ),
)
