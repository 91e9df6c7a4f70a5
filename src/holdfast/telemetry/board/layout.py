"""The bytes of a state board: a header page, then equal slots, each of gauges, five tables and a stall ring.

    header   magic, version, number of slots, bytes of a slot
    slot     gauges and counters        SLOT_CELLS words
             requests, dependencies, refused, errors, observing    a count word, then rows of name and cells
             stalls                     a count word, then entries

Everything is made of 64-bit words in the machine's order, so that a reader in another process sees each word
whole (aligned 8-byte stores do not tear on the machines that CPython runs on). A zeroed slot is a valid, free
one: creating a board writes the header only, and the file stays sparse until workers use it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from holdfast.telemetry.buckets import REQUEST_CELLS

__all__ = [
    "FIRST_COUNTER",
    "HEADER_BYTES",
    "MAGIC",
    "SLOT_CELLS",
    "STATES",
    "TABLES",
    "VERSION",
    "WORD",
    "DependencyCell",
    "HeaderCell",
    "ObservingCell",
    "RefusedCell",
    "SlotCell",
    "TableShape",
    "board_bytes",
    "slot_bytes",
]

MAGIC = int.from_bytes(b"HOLDFAST", "little")
VERSION = 1
"""Raised whenever the meaning or place of a word changes; boards live no longer than their supervisor."""

WORD = 8
HEADER_BYTES = 4096

STATES = ("free", "booting", "serving", "draining")
"""A slot's state is its index here; 0 is what a fresh board holds."""


class HeaderCell(IntEnum):
    """Words of the header."""

    MAGIC = 0
    VERSION = 1
    SLOTS = 2
    SLOT_BYTES = 3


class SlotCell(IntEnum):
    """Words of a slot. Times are nanoseconds of the monotonic clock.

    Up to LAG they are gauges, which a new owner finds at zero; from CLAIMS on they are counters, which it
    continues.
    """

    PID = 0
    BORN = 1
    """When that process started, as the kernel tells it: a pid given to another process since is no owner."""
    STATE = 2
    HEARTBEAT = 3
    BOOTED_AT = 4
    IN_FLIGHT = 5
    LIMIT = 6
    QUEUED = 7
    LAG = 8
    """How late the loop's tick ran, a decaying maximum."""
    CLAIMS = 16
    STALLS = 17
    STALL_NS = 18


FIRST_COUNTER = SlotCell.CLAIMS
SLOT_CELLS = 32
"""Words kept for a slot; those without a name are zero."""


class DependencyCell(IntEnum):
    """Words of a dependency row. BREAKER (0 closed, 1 half-open, 2 open) and IN_FLIGHT are gauges."""

    CALLS = 0
    ATTEMPTS = 1
    RETRIES = 2
    FAILURES = 3
    REFUSED = 4
    DEGRADED = 5
    BREAKER = 6
    IN_FLIGHT = 7
    SUM_NS = 8


class RefusedCell(IntEnum):
    """Words of a refused row."""

    COUNT = 0


class ObservingCell(IntEnum):
    """Words of an observing row, whose name is "policy subject".

    ACTIVE is 1 while the policy only observes (its number is not decided); COUNT is how often it would have
    acted.
    """

    ACTIVE = 0
    COUNT = 1


@dataclass(frozen=True, slots=True)
class TableShape:
    """`rows` rows of `cells` words and a name of `name_bytes`; `gauges` are reset for a new owner."""

    rows: int
    cells: int
    gauges: tuple[int, ...] = ()
    name_bytes: int = 120

    @property
    def row_bytes(self) -> int:
        """Bytes of a row: the name's length, the name, the cells."""
        return WORD + self.name_bytes + self.cells * WORD

    @property
    def bytes(self) -> int:
        """Bytes of the table: the count of rows, the rows."""
        return WORD + self.rows * self.row_bytes


TABLES = {
    "requests": TableShape(rows=192, cells=REQUEST_CELLS),
    "dependencies": TableShape(rows=32, cells=16, gauges=(DependencyCell.BREAKER, DependencyCell.IN_FLIGHT)),
    "refused": TableShape(rows=16, cells=1),
    "errors": TableShape(rows=32, cells=1),
    "observing": TableShape(rows=32, cells=2, gauges=(ObservingCell.ACTIVE,)),
}


def slot_bytes(ring_bytes: int) -> int:
    """Return the bytes of a slot whose stall ring takes `ring_bytes`, rounded up to pages.

    Whole pages: two workers never write to one cache line.
    """
    used = SLOT_CELLS * WORD + sum(shape.bytes for shape in TABLES.values()) + ring_bytes
    return -(-used // HEADER_BYTES) * HEADER_BYTES


def board_bytes(slots: int, ring_bytes: int) -> int:
    """Return the bytes of a board."""
    return HEADER_BYTES + slots * slot_bytes(ring_bytes)
