"""One worker's place on the board."""

from __future__ import annotations

from holdfast.telemetry.board.flight import FLIGHT_BYTES, FlightRing
from holdfast.telemetry.board.layout import (
    FIRST_COUNTER,
    SLOT_CELLS,
    STATES,
    TABLES,
    WORD,
    SlotCell,
)
from holdfast.telemetry.board.liveness import alive, born
from holdfast.telemetry.board.ring import RING_BYTES, StallRing
from holdfast.telemetry.board.table import Table

__all__ = ["Slot"]

_NS = 1_000_000_000


def _gauge(cell: SlotCell, doc: str) -> property:
    position = int(cell)

    def get(slot: Slot) -> int:
        return slot.gauges[position]

    def put(slot: Slot, value: int) -> None:
        slot.gauges[position] = value

    return property(get, put, doc=doc)


class Slot:
    """Gauges, tables and stalls of one worker; written by that worker only, read by anyone.

    `gauges` is the memory itself: the hot path writes `gauges[SlotCell.IN_FLIGHT] = n`. `index` is the slot's
    place on the board: metrics name a worker by it, since a pid would make a new series of every restart.
    """

    __slots__ = (
        "access",
        "caches",
        "dependencies",
        "errors",
        "exemplars",
        "flight",
        "gauges",
        "held",
        "idempotency",
        "index",
        "logs",
        "observing",
        "pools",
        "ratelimits",
        "reads",
        "refused",
        "requests",
        "stalls",
    )

    def __init__(self, raw: memoryview[int], index: int) -> None:
        """Lay a slot over `raw`, the bytes of slot `index`."""
        self.index = index
        offset = SLOT_CELLS * WORD
        self.gauges: memoryview[int] = raw[:offset].cast("Q")
        tables = {}
        for name, shape in TABLES.items():
            tables[name] = Table(raw[offset : offset + shape.bytes], shape)
            offset += shape.bytes
        self.requests = tables["requests"]
        self.dependencies = tables["dependencies"]
        self.pools = tables["pools"]
        self.access = tables["access"]
        self.reads = tables["reads"]
        self.refused = tables["refused"]
        self.errors = tables["errors"]
        self.observing = tables["observing"]
        self.ratelimits = tables["ratelimits"]
        self.idempotency = tables["idempotency"]
        self.caches = tables["caches"]
        self.logs = tables["logs"]
        self.held = tables["held"]
        self.exemplars = tables["exemplars"]
        self.stalls = StallRing(raw[offset : offset + RING_BYTES])
        offset += RING_BYTES
        self.flight = FlightRing(raw[offset : offset + FLIGHT_BYTES])

    in_flight = _gauge(SlotCell.IN_FLIGHT, "Requests being served.")
    limit = _gauge(SlotCell.LIMIT, "Requests that may be served at once, 0 where there is no limit.")
    queued = _gauge(SlotCell.QUEUED, "Requests waiting to be admitted.")
    bodies = _gauge(SlotCell.BODIES, "Requests outside, whose body has not come.")
    connections = _gauge(SlotCell.CONNECTIONS, "Open connections of clients.")

    @property
    def pid(self) -> int:
        """The owner's process, 0 when it was never owned or was released."""
        return self.gauges[SlotCell.PID]

    @property
    def state(self) -> str:
        """One of "free", "booting", "serving", "draining"."""
        state = self.gauges[SlotCell.STATE]
        return STATES[state] if state < len(STATES) else STATES[0]

    @state.setter
    def state(self, state: str) -> None:
        self.gauges[SlotCell.STATE] = STATES.index(state)

    @property
    def alive(self) -> bool:
        """Whether the slot has an owner and it runs. Costs a system call and a read of /proc."""
        return self.state != "free" and alive(self.pid, self.gauges[SlotCell.BORN])

    @property
    def ever_owned(self) -> bool:
        """Whether any worker ever had this slot, so that its counters may speak."""
        return self.gauges[SlotCell.CLAIMS] > 0

    @property
    def heartbeat(self) -> float:
        """When the owner last beat, seconds of the monotonic clock."""
        return self.gauges[SlotCell.HEARTBEAT] / _NS

    @property
    def booted_at(self) -> float:
        """When the owner took the slot, seconds of the monotonic clock."""
        return self.gauges[SlotCell.BOOTED_AT] / _NS

    @property
    def lag(self) -> float:
        """How late the owner's loop ran its tick, in seconds: a decaying maximum."""
        return self.gauges[SlotCell.LAG] / _NS

    @property
    def lately(self) -> float:
        """How late the owner's loop ran its ticks of about the last second, the greatest in seconds."""
        return self.gauges[SlotCell.LATELY] / _NS

    def beat(self, now: float, lag: float = 0.0, lately: float | None = None) -> None:
        """Say that the loop runs at `now`, and by how many seconds it was `lag`ging.

        `lately`: of the last second, where that is known apart from a maximum that remembers longer.
        """
        self.gauges[SlotCell.LAG] = int(lag * _NS)
        self.gauges[SlotCell.LATELY] = int((lag if lately is None else lately) * _NS)
        self.gauges[SlotCell.HEARTBEAT] = int(now * _NS)

    def take(self, pid: int, now: float) -> None:
        """Make `pid` the owner, booting: gauges start anew, counters go on. `Board.claim` calls it."""
        self._clear_gauges()
        self.flight.clear()
        cells = self.gauges
        cells[SlotCell.BORN] = born(pid)
        cells[SlotCell.BOOTED_AT] = cells[SlotCell.HEARTBEAT] = int(now * _NS)
        cells[SlotCell.CLAIMS] += 1
        cells[SlotCell.PID] = pid
        self.state = "booting"

    def release(self) -> None:
        """Give the slot back, at the end of the worker; its counters stay."""
        self._clear_gauges()

    def _clear_gauges(self) -> None:
        self.state = "free"  # first: a reader then looks at nothing else
        for position in range(FIRST_COUNTER):
            self.gauges[position] = 0
        for table in (self.dependencies, self.pools, self.caches, self.observing):
            table.reset_gauges()
