"""The open model: arrivals leave when they are due, however the service does.

Arrivals are rows 0..N-1 in due order, so the queue of those that wait for a connection is two numbers:
`reached` is the first that has none yet, and everything due from there on waits, first come first served. A
free connection is taken from the top of a stack (the least idle one); without one a new one is opened for
the arrival, up to `connections_max`. Latency counts from the due time in every case. Where the plan says that
nobody waits, an arrival without a connection is not sent.
"""

from __future__ import annotations

import asyncio
import errno
import resource
import socket
from array import array
from collections.abc import Callable
from time import monotonic_ns
from typing import TypeAlias

import numpy as np

from holdfast.errors import UsageError
from holdfast.gate.drive.connection import IDLE, SPARE, Connection
from holdfast.gate.drive.flags import special
from holdfast.gate.drive.inspection import Inspection
from holdfast.gate.drive.plan import Plan
from holdfast.gate.drive.records import Cause, Records
from holdfast.gate.drive.timer import timer
from holdfast.gate.shape import Payload

__all__ = ["Engine"]

# Lead of the first arrival: enough to arm a timer, too little to matter.
_LEAD_NS = 10_000_000
# How often timeouts, idle connections and the end are looked for, in seconds.
_SWEEP = 0.01
# The driver's own limits, not the service's refusal.
_OWN_LIMITS = frozenset({errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM})
# Rows that one sweep looks at, so that it stays short however many are in flight.
_SWEEP_ROWS = 65536
# Connections opened at a time before the first arrival: well below the backlog of any server.
_OPENED_AT_ONCE = 64
_NEVER = 2**62

Rows: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.int64]]"


class Engine:
    """One run of a plan on the running loop. `run` returns the records; `stop` ends it early.

    `due`, `sent`, `done` ("q"), `status` ("h") and `outcome` ("B") are the records as they grow: a status of
    0 is still open. `start_ns` (CLOCK_MONOTONIC) is 0 until `run` has begun. `reached`: the first row without
    a connection yet. `settled`: every row below it has its status. `special`: uint8[N], what is not as usual
    about a row: LARGE, ASKS, CLOSES, STREAMS.
    """

    __slots__ = (
        "_blocked",
        "_connections",
        "_cpu",
        "_data",
        "_empty",
        "_end",
        "_free",
        "_handle",
        "_host",
        "_idle_ns",
        "_inspection",
        "_loop",
        "_plan",
        "_statuses",
        "_stopped",
        "_timeout_ns",
        "_timer",
        "_total",
        "done",
        "due",
        "outcome",
        "reached",
        "sent",
        "settled",
        "special",
        "start_ns",
        "status",
    )

    def __init__(self, plan: Plan, *, rows: int = 0) -> None:
        """Make the rows of a plan's arrivals, at least `rows` of them."""
        count = len(plan.at)
        rows = max(rows, count)
        self._plan = plan
        self._total = count
        self.due = array("q", plan.at.tobytes())
        self.due.append(_NEVER)  # the hot path then needs no test for the end
        payloads = [payload.data for payload in plan.requests]
        self._data = [payloads[number] for number in plan.request.tolist()]
        self.special = special(plan)
        self._timeout_ns = round(plan.timeout_s * 1e9)
        self._idle_ns = round(plan.idle_s * 1e9)
        self.sent = array("q", [-1]) * rows
        self.done = array("q", [-1]) * rows
        self.status = array("h", [0]) * rows
        self.outcome = array("B", [0]) * rows
        self._statuses = np.frombuffer(self.status, dtype=np.int16) if rows else np.empty(0, np.int16)
        self._inspection = Inspection(self.status, self.outcome)
        self._free: list[Connection] = []
        self._connections: set[Connection] = set()
        self.reached = 0
        self._blocked = False
        self._stopped = False
        self.settled = 0
        self.start_ns = 0
        self._cpu = 0.0
        self._host = plan.host
        self._handle: asyncio.Handle | None = None
        self._end: asyncio.Future[None] | None = None
        self._empty: asyncio.Future[None] | None = None

    async def run(self, *, started: Callable[[int], None] | None = None) -> Records:
        """Drive the plan to its end and return the records.

        `started` is told `start_ns` before the first arrival. UsageError where the host has no address.
        Whatever happens, cancellation included, every connection is closed before this returns.
        """
        self._loop = loop = asyncio.get_running_loop()
        self._host = await self._resolve()
        self._timer = timer(loop, self._fill)
        self._end = loop.create_future()
        self._cpu = _cpu_seconds()
        try:
            await self._open_first()
            self._cpu = _cpu_seconds()
            self.start_ns = monotonic_ns() + _LEAD_NS
            if started is not None:
                started(self.start_ns)
            self._timer.arm(self.start_ns + self.due[0])
            self._sweep()
            if not self._stopped:
                await self._end
        finally:
            self._cpu = _cpu_seconds() - self._cpu
            self._timer.close()
            if self._handle is not None:
                self._handle.cancel()
            await self._close()
        self._inspection.finish()
        return self._all()

    def _all(self) -> Records:
        return self._records(np.arange(self._total), self._plan.request)

    def _records(self, rows: Rows, request: np.ndarray[tuple[int], np.dtype[np.int32]]) -> Records:
        """Return `rows`, which were these requests."""
        return Records(
            at=np.array(self.due, dtype=np.int64)[rows],
            request=request,
            sent=np.array(self.sent, dtype=np.int64)[rows],
            done=np.array(self.done, dtype=np.int64)[rows],
            status=np.array(self.status, dtype=np.int16)[rows],
            outcome=np.array(self.outcome, dtype=np.uint8)[rows],
            start_ns=self.start_ns,
            cpu_s=self._cpu,
            interrupted=self._stopped,
            wrong={self.payload(row).name: expected for row, expected in self._inspection.first.values()},
        )

    def stop(self) -> None:
        """End the run now: what is in flight is given up, what is not sent stays so."""
        if self._end is None or not self._end.done():
            self._stopped = True
            if self._end is not None:
                self._end.set_result(None)

    def is_head(self, index: int) -> bool:
        """Whether the request of a row is a HEAD, whose answer has no body."""
        return self._data[index].startswith(b"HEAD ")

    def stretches(self) -> tuple[tuple[int, int, int], ...]:
        """Return the rows in use: for each stretch its first, its first unsettled and its last + 1."""
        return ((0, self.settled, self.reached),)

    def payload(self, index: int) -> Payload:
        """Return which request a row is."""
        return self._plan.requests[int(self._plan.request[index])]

    def listens(self, connection: Connection, index: int) -> None:
        """Keep the connection of a row that streams for as long as it is read, then close it."""
        seconds = self.payload(index).reads
        if seconds:
            self._loop.call_later(seconds, connection.drop)
        else:
            connection.drop()

    def answered(self, index: int, answer: bytes) -> None:
        """Take the whole answer of a row that ASKS for it."""
        check = self.payload(index).check
        if check is not None:
            self._inspection.add(index, check, answer)

    def connected(self, connection: Connection) -> None:
        """Write the request that a connection was opened for."""
        transport = connection.transport
        if connection.index == SPARE:
            connection.index = IDLE
            self._free.append(connection)
            return
        if connection.index < 0 or transport is None:  # given up meanwhile
            connection.drop()
            return
        self.sent[connection.index] = monotonic_ns() - self.start_ns
        transport.write(self._data[connection.index])

    def freed(self, connection: Connection, now: int) -> None:
        """Give a connection, its answer complete at `now`, to the next arrival that is due, or stack it."""
        index = self.reached
        if self.due[index] <= now:
            self.reached = index + 1
            connection.index = index
            self.sent[index] = now
            connection.transport.write(self._data[index])  # type: ignore[union-attr]
            return
        connection.index = IDLE
        connection.since = now
        self._free.append(connection)
        if self._blocked:
            self._blocked = False
            self._timer.arm(self.start_ns + self.due[index])

    def ended(self, connection: Connection, now: int, status: int) -> None:
        """Record how the request of a connection ended and close the connection."""
        self.done[connection.index] = now
        self.status[connection.index] = status
        connection.drop()

    def lost_idle(self, connection: Connection) -> None:
        """Take a connection that is closing off the stack."""
        if connection in self._free:
            self._free.remove(connection)

    def closed(self, connection: Connection) -> None:
        """Forget a connection; its place may serve an arrival that waits."""
        self.lost_idle(connection)
        self._connections.discard(connection)
        if not self._connections and self._empty is not None and not self._empty.done():
            self._empty.set_result(None)
        if self._blocked:
            self._fill()

    def _fill(self) -> None:
        """Send what is due as far as connections go, and set the timer for what is next."""
        due, start, free = self.due, self.start_ns, self._free
        while due[self.reached] <= (now := monotonic_ns() - start):
            if free:
                connection = free.pop()
                index = connection.index = self.reached
                self.sent[index] = now
                connection.transport.write(self._data[index])  # type: ignore[union-attr]
            elif len(self._connections) < self._plan.connections_max:
                self._open(self.reached)
            elif not self._plan.waits:
                self.status[self.reached] = Cause.NOT_SENT
            else:
                self._blocked = True
                self._timer.disarm()
                return
            self.reached += 1
        self._blocked = False
        self._timer.arm(start + due[self.reached])

    async def _open_first(self) -> None:
        """Open the connections that the plan wants before the first arrival; UsageError where they fail."""
        first = self._plan.connections_first
        while len(self._free) < first and not self._stopped:
            missing = first - len(self._free)
            batch = [self._open(SPARE) for _ in range(min(missing, _OPENED_AT_ONCE))]
            await asyncio.wait(batch)
            if len(self._free) == first - missing:
                raise UsageError(f"no connection beyond {len(self._free)} of {first}", place=self._host)

    def _open(self, index: int) -> asyncio.Task[None]:
        connection = Connection(self, index)
        self._connections.add(connection)
        connection.opening = task = self._loop.create_task(self._connect(connection))

        def connected(_: asyncio.Task[None]) -> None:
            # A task may be cancelled before its first step, or while the loop already hands over the
            # transport, which is then closed without `connection_lost`: forgetting twice does no harm.
            if connection.transport is None or task.cancelled():
                self.closed(connection)

        task.add_done_callback(connected)
        return task

    async def _connect(self, connection: Connection) -> None:
        try:
            await self._loop.create_connection(lambda: connection, self._host, self._plan.port)
        except OSError as error:
            self._refused(connection, error)

    def _refused(self, connection: Connection, error: OSError) -> None:
        if connection.index < 0:
            return
        if error.errno in _OWN_LIMITS:
            self.status[connection.index] = Cause.NOT_SENT
            connection.drop()
            return
        cause = Cause.CONNECT_TIMEOUT if error.errno == errno.ETIMEDOUT else Cause.REFUSED
        self.ended(connection, monotonic_ns() - self.start_ns, cause)

    def _sweep(self) -> None:
        """Look for the end, for timeouts and for idle connections, some times a second."""
        now = monotonic_ns() - self.start_ns
        self._inspection.work(self.start_ns + self.due[self.reached])
        self._advance()
        if self._through():
            if self._end is not None and not self._end.done():
                self._end.set_result(None)
            return
        limit = now - self._timeout_ns
        if self._oldest() <= limit:
            self._give_up(limit, now)
        while self._free and self._free[0].since < now - self._idle_ns:
            self._free.pop(0).drop()
        self._handle = self._loop.call_later(_SWEEP, self._sweep)

    def _advance(self) -> None:
        self.settled = self._settle(self.settled, self.reached)

    def _settle(self, settled: int, end: int) -> int:
        """Return how far the rows from `settled` on have their status."""
        still_open = self._statuses[settled:end][:_SWEEP_ROWS] == 0
        return settled + (int(still_open.argmax()) if still_open.any() else len(still_open))

    def _through(self) -> bool:
        """Whether nothing is left to send or to wait for."""
        return self.settled == self._total

    def _oldest(self) -> int:
        """Return when the oldest row without a status was due."""
        return self.due[self.settled]

    def _give_up(self, limit: int, now: int) -> None:
        """Give up every request that was due by `limit`, waiting ones included."""
        for connection in tuple(self._connections):
            if connection.index >= 0 and self.due[connection.index] <= limit:
                opening = connection.transport is None
                self.ended(connection, now, Cause.CONNECT_TIMEOUT if opening else Cause.TIMEOUT)
        while self.due[self.reached] <= limit:
            self.status[self.reached] = Cause.NOT_SENT
            self.reached += 1

    async def _resolve(self) -> str:
        try:
            found = await self._loop.getaddrinfo(self._host, self._plan.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise UsageError(f"no address: {error.strerror or error}", place=self._host) from None
        addresses = sorted(found, key=lambda entry: entry[0] != socket.AF_INET)
        return str(addresses[0][4][0])

    async def _close(self) -> None:
        """Give up what is open, close every connection and wait until the last is gone."""
        now = monotonic_ns() - self.start_ns
        self.reached = self._total
        for connection in tuple(self._connections):
            if connection.index >= 0 and self.sent[connection.index] >= 0:
                self.ended(connection, now, Cause.TIMEOUT)
            else:
                connection.drop()
        self._statuses[self._statuses == 0] = Cause.NOT_SENT
        if self._connections:
            self._empty = self._loop.create_future()
            await self._empty


def _cpu_seconds() -> float:
    """Return user and system seconds of this process so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
