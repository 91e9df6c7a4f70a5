"""The bytes of a state board: a header page, then equal slots, each of gauges, five tables and a stall ring.

    header   magic, version, number of slots, bytes of a slot
    slot     gauges and counters        SLOT_CELLS words
             requests, dependencies, refused, errors, observing    a count word, then rows of name and cells
             stalls                     a count word, then entries, then the newest stack
             flight                     the entries of the last requests

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
    "HELD_CELLS",
    "LONGEST_NS",
    "MAGIC",
    "SLOT_CELLS",
    "STATES",
    "TABLES",
    "VERSION",
    "WORD",
    "CacheCell",
    "DependencyCell",
    "ExemplarCell",
    "HeaderCell",
    "ObservingCell",
    "PoolCell",
    "RefusedCell",
    "SlotCell",
    "TableShape",
    "board_bytes",
    "slot_bytes",
]

MAGIC = int.from_bytes(b"HOLDFAST", "little")
VERSION = 4
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
    BOUNDS = 4
    """How many bounds the latency histograms have; they follow, in nanoseconds."""
    FIRST_BOUND = 5
    LISTENER = 510
    """The inode of the socket on which the service listens, 0 where the supervisor opened none."""
    DROPPED_BEFORE = 511
    """Connections that the kernel had dropped when that socket was opened."""


class SlotCell(IntEnum):
    """Words of a slot. Times are nanoseconds of the monotonic clock.

    Up to BODIES they are gauges, which a new owner finds at zero; from CLAIMS on they are counters, which it
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
    """How late the loop's tick ran, a decaying maximum; LATELY: the greatest of about a second."""
    LATELY = 9
    CONNECTIONS = 10
    THREADS = 11
    """Threads of the offload that run; WAITING: calls that wait for one."""
    THREADS_WAITING = 12
    PROCESSES = 13
    PROCESSES_WAITING = 14
    WEBSOCKETS = 15
    STREAMS = 16
    BODIES = 17
    """Requests that are waited for outside, as their body has not come."""
    CLAIMS = 18
    STALLS = 19
    STALL_NS = 20
    DISCONNECTS = 21
    """Requests whose work was cancelled because the client had left."""
    MISCLASSIFIED = 22
    """Requests whose route had another class than was thought before it was known."""


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


class PoolCell(IntEnum):
    """Words of a pool row. SIZE, TAKEN and WAITING are gauges: connections, and calls that wait for one.

    WAITS, WAIT_NS: waits that have ended, and how long they took; REFUSED: those that ended without one.
    """

    SIZE = 0
    TAKEN = 1
    WAITING = 2
    WAITS = 3
    WAIT_NS = 4
    REFUSED = 5


class CacheCell(IntEnum):
    """Words of a cache row, whose name is "outcome\tcache". BYTES is a gauge of the row "hit"."""

    COUNT = 0
    BYTES = 1


class ExemplarCell(IntEnum):
    """Words of an exemplar row, whose name is that of a request row and the number of its bucket.

    The last traced request that fell there. CHECK is the others by "exclusive or", of which a reader sees
    that it met a half of two. AT_NS is since 1970.
    """

    TRACE_HIGH = 0
    TRACE_LOW = 1
    SPAN = 2
    VALUE_NS = 3
    AT_NS = 4
    CHECK = 5


class RefusedCell(IntEnum):
    """Words of a refused row."""

    COUNT = 0


class ObservingCell(IntEnum):
    """Words of an observing row, whose name is "policy subject".

    ACTIVE is 1 while the policy only observes; COUNT is how often it would have acted.
    """

    ACTIVE = 0
    COUNT = 1


LONGEST_NS = REQUEST_CELLS
"""The cell of a held row with the longest single step; those before it are as in a request row."""

HELD_CELLS = REQUEST_CELLS + 1
"""Cells of a held row: how long requests of a route held the loop."""


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
    "pools": TableShape(rows=16, cells=8, gauges=(PoolCell.SIZE, PoolCell.TAKEN, PoolCell.WAITING)),
    "access": TableShape(rows=64, cells=1),
    "reads": TableShape(rows=64, cells=1),
    "refused": TableShape(rows=64, cells=1),
    "errors": TableShape(rows=32, cells=1),
    "logs": TableShape(rows=8, cells=1),
    "ratelimits": TableShape(rows=64, cells=1),
    "idempotency": TableShape(rows=128, cells=1),
    "caches": TableShape(rows=128, cells=2, gauges=(CacheCell.BYTES,)),
    "observing": TableShape(rows=96, cells=2, gauges=(ObservingCell.ACTIVE,)),
    "held": TableShape(rows=192, cells=HELD_CELLS),
    "exemplars": TableShape(rows=512, cells=len(ExemplarCell)),
}


def slot_bytes(ring_bytes: int) -> int:
    """Return the bytes of a slot whose rings take `ring_bytes`, rounded up to pages.

    Whole pages: two workers never write to one cache line.
    """
    used = SLOT_CELLS * WORD + sum(shape.bytes for shape in TABLES.values()) + ring_bytes
    return -(-used // HEADER_BYTES) * HEADER_BYTES


def board_bytes(slots: int, ring_bytes: int) -> int:
    """Return the bytes of a board."""
    return HEADER_BYTES + slots * slot_bytes(ring_bytes)
