"""Steps that follow an answer, beside the arrivals that were decided in advance.

A step is due when the answer before it has come and its user has thought; its latency counts from then. It
becomes a row when it is due, so that the rows of steps ascend as those of arrivals do. They lie behind them:

    0 .. N-1   arrivals        N   nothing (the end of `due`)        N+1 ..   steps
"""

from __future__ import annotations

import asyncio
import heapq
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic_ns

import numpy as np

from holdfast.gate.drive.connection import Connection
from holdfast.gate.drive.engine import Engine
from holdfast.gate.drive.flags import CLOSES, flags_of
from holdfast.gate.drive.plan import Plan
from holdfast.gate.drive.records import Cause, Records
from holdfast.gate.drive.timer import timer
from holdfast.gate.shape import Check, Payload
from holdfast.gate.shape.payload import lengths
from holdfast.gate.shape.template import render

__all__ = ["JourneyEngine"]

_NOTHING = Check()


@dataclass(slots=True)
class _User:
    """What one user has taken so far; `flags`: CLOSES where his connections end with each answer."""

    flags: int
    taken: dict[str, str | int | float] = field(default_factory=dict)


@dataclass(order=True, slots=True)
class _Step:
    """A step that waits for `due`; `number` keeps those that are due at once in the order they came."""

    due: int
    number: int
    payload: int = field(compare=False)
    data: bytes = field(compare=False)
    user: _User = field(compare=False)


class JourneyEngine(Engine):
    """An engine whose requests may have others that follow them."""

    __slots__ = (
        "_first",
        "_free_row",
        "_held_up",
        "_payloads",
        "_steps_settled",
        "_steps_timer",
        "_users",
        "_waiting",
    )

    def __init__(self, plan: Plan) -> None:
        arrivals = len(plan.at)
        most = int((lengths(plan.requests) - 1)[plan.request].sum())
        super().__init__(plan, rows=arrivals + 1 + most)
        self.due.extend([-1] * most)
        self._data += [b""] * (1 + most)
        self.special += bytes(1 + most)
        self._payloads = array("i", plan.request.tobytes()) + array("i", [-1]) * (1 + most)
        self._first = self._free_row = self._steps_settled = arrivals + 1
        self._users: dict[int, _User] = {}
        self._waiting: list[_Step] = []
        self._held_up = False  # steps wait for a connection

    async def run(self, *, started: Callable[[int], None] | None = None) -> Records:
        """Drive the plan and all that follows to the end; as `Engine.run`."""
        self._steps_timer = timer(asyncio.get_running_loop(), self._send_steps)
        try:
            return await super().run(started=started)
        finally:
            self._steps_timer.close()

    def stretches(self) -> tuple[tuple[int, int, int], ...]:
        """Return the rows in use: those of arrivals and those of steps."""
        return (*super().stretches(), (self._first, self._steps_settled, self._free_row))

    def payload(self, index: int) -> Payload:
        """Return which request a row is."""
        return self._plan.requests[self._payloads[index]]

    def answered(self, index: int, answer: bytes) -> None:
        """Take the answer of a row: what follows it, if it is good, is due once the user has thought."""
        payload = self.payload(index)
        if payload.then < 0:
            if payload.check is not None:
                self._inspection.add(index, payload.check, answer)
            return
        user = self._users.pop(index, None) or _User(self.special[index] & CLOSES)
        check = payload.check or _NOTHING
        taken = self._inspection.examine(index, check, answer)
        if taken is None or (self.status[index] >= 400 and not check.status):
            return
        user.taken |= taken
        data = render(self._plan.requests[payload.then].data, user.taken)
        step = _Step(self.done[index] + payload.pause_ns, index, payload.then, data, user)
        heapq.heappush(self._waiting, step)
        if self._waiting[0] is step and not self._held_up:
            self._steps_timer.arm(self.start_ns + step.due)

    def freed(self, connection: Connection, now: int) -> None:
        """Give a connection to whoever is due first, a step or an arrival."""
        waiting = self._waiting
        if not waiting or waiting[0].due > min(now, self.due[self.reached]):
            super().freed(connection, now)
            return
        self._send(heapq.heappop(waiting), connection, now)
        if not waiting or waiting[0].due > now:
            self._await_next()

    def closed(self, connection: Connection) -> None:
        """Forget a connection; its place may serve a step that waits."""
        super().closed(connection)
        if self._held_up:
            self._send_steps()

    def _send_steps(self) -> None:
        """Send the steps that are due as far as connections go."""
        waiting = self._waiting
        while waiting and waiting[0].due <= (now := monotonic_ns() - self.start_ns):
            if self._free:
                self._send(heapq.heappop(waiting), self._free.pop(), now)
            elif len(self._connections) < self._plan.connections_max:
                self._open(self._row(heapq.heappop(waiting)))
            elif not self._plan.waits:
                self.status[self._row(heapq.heappop(waiting))] = Cause.NOT_SENT
            else:
                self._held_up = True
                self._steps_timer.disarm()
                return
        self._await_next()

    def _await_next(self) -> None:
        self._held_up = False
        if self._waiting:
            self._steps_timer.arm(self.start_ns + self._waiting[0].due)
        else:
            self._steps_timer.disarm()

    def _send(self, step: _Step, connection: Connection, now: int) -> None:
        index = connection.index = self._row(step)
        self.sent[index] = now
        connection.transport.write(step.data)  # type: ignore[union-attr]

    def _row(self, step: _Step) -> int:
        """Make a step that is due a row."""
        row = self._free_row
        self._free_row = row + 1
        self.due[row] = step.due
        self._data[row] = step.data
        self._payloads[row] = step.payload
        self._users[row] = step.user
        self.special[row] = flags_of(self._plan.requests[step.payload], len(step.data)) | step.user.flags
        return row

    def _advance(self) -> None:
        super()._advance()
        self._steps_settled = self._settle(self._steps_settled, self._free_row)

    def _through(self) -> bool:
        return super()._through() and not self._waiting and self._steps_settled == self._free_row

    def _oldest(self) -> int:
        oldest = super()._oldest()
        if self._steps_settled < self._free_row:
            oldest = min(oldest, self.due[self._steps_settled])
        return min(oldest, self._waiting[0].due) if self._waiting else oldest

    def _give_up(self, limit: int, now: int) -> None:
        super()._give_up(limit, now)
        self._not_sent(limit)

    def _not_sent(self, limit: int) -> None:
        while self._waiting and self._waiting[0].due <= limit:
            self.status[self._row(heapq.heappop(self._waiting))] = Cause.NOT_SENT

    async def _close(self) -> None:
        self._not_sent(monotonic_ns() - self.start_ns)
        self._waiting.clear()  # who still thinks has not asked for anything
        self._held_up = False
        self._steps_timer.disarm()
        await super()._close()

    def _all(self) -> Records:
        arrivals = np.arange(self._total)
        rows = np.concatenate((arrivals, np.arange(self._first, self._free_row)))
        due = np.array(self.due, dtype=np.int64)[rows]
        rows = rows[np.argsort(due, kind="stable")]
        return self._records(rows, np.array(self._payloads, dtype=np.int32)[rows])
