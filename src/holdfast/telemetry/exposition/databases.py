"""Databases: their pools, and what is seen of how they are used."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.telemetry.board import PoolCell
from holdfast.telemetry.exposition.family import Family, Kind, Read, Sample
from holdfast.telemetry.exposition.view import View

__all__ = ["FAMILIES"]


def _total(cell: PoolCell, unit: float = 1.0) -> Read:
    def read(view: View) -> Iterator[Sample]:
        for name, cells in view.summed("pools").items():
            yield (name,), cells[cell] / unit

    return read


def _gauge(cell: PoolCell) -> Read:
    def read(view: View) -> Iterator[Sample]:
        for slot in view.living:
            for name, cells in slot.pools.rows():
                yield (name, str(slot.index)), cells[cell]

    return read


def _access(view: View) -> Iterator[Sample]:
    for name, (count,) in view.summed("access").items():
        kind, _, dependency = name.partition("\t")
        yield (dependency, kind), count


def _reads(view: View) -> Iterator[Sample]:
    for name, (count,) in view.summed("reads").items():
        why, to, dependency = name.split("\t")
        yield (dependency, to, why), count


FAMILIES = (
    Family(
        "holdfast_pool_size",
        Kind.GAUGE,
        ("dependency", "worker"),
        "Connections that the pool may have; 0 where the budget does not say.",
        _gauge(PoolCell.SIZE),
    ),
    Family(
        "holdfast_pool_taken",
        Kind.GAUGE,
        ("dependency", "worker"),
        "Connections that are out of the pool.",
        _gauge(PoolCell.TAKEN),
    ),
    Family(
        "holdfast_pool_waiting",
        Kind.GAUGE,
        ("dependency", "worker"),
        "Calls that wait for a connection.",
        _gauge(PoolCell.WAITING),
    ),
    Family(
        "holdfast_pool_waits",
        Kind.COUNTER,
        ("dependency",),
        "Waits for a connection that have ended; who got one at once did not wait.",
        _total(PoolCell.WAITS),
    ),
    Family(
        "holdfast_pool_wait_seconds",
        Kind.COUNTER,
        ("dependency",),
        "Time spent in those waits.",
        _total(PoolCell.WAIT_NS, 1e9),
    ),
    Family(
        "holdfast_pool_refused",
        Kind.COUNTER,
        ("dependency",),
        "Waits that ended without a connection: by the deadline, as a rule.",
        _total(PoolCell.REFUSED),
    ),
    Family(
        "holdfast_data_access",
        Kind.COUNTER,
        ("dependency", "kind"),
        "What was seen of the use of a database: `repeated` (N+1), `slow` (a statement), `leaked` (a "
        "connection that outlived its request), `outside call` (made while a transaction was open), "
        "`unindexed` (a slow statement read far more rows than it returned).",
        _access,
    ),
    Family(
        "holdfast_database_reads",
        Kind.COUNTER,
        ("dependency", "to", "why"),
        "Sessions that only read, by the database that they read from: `replica`, or why it was the "
        "primary: `wrote` (the caller had written lately), `behind` (no replica was known to be fresh "
        "enough), `down`.",
        _reads,
    ),
)
