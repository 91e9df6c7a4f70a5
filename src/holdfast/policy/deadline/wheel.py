"""One timing wheel an event loop: many timers that are nearly always cancelled, for little.

`loop.call_at` keeps a heap of handles and costs microseconds to schedule and cancel; a deadline is
scheduled on every request and cancelled on nearly every one. Here an entry goes into the slot of its tick
(a dict, so that adding and removing are one operation each) and the loop is asked for one timer only: that
of the earliest slot. After Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (1987); the slots
are found by a dict instead of a ring, so that no horizon bounds them and an idle wheel does not tick. The
price is resolution: an entry fires within a tick after its time, never before.
"""

from __future__ import annotations

import asyncio
import math
import threading
import weakref
from collections.abc import Callable
from heapq import heappop, heappush

__all__ = ["TICK", "Entry", "Wheel", "current"]

# 5 ms: a tenth of the shortest timeout one meets (50 ms), and 200 wake-ups a second at most.
TICK = 0.005
_RATE = 1 / TICK
# uvloop's clock counts whole milliseconds: woken at the very time, its `time()` may still be one short of it.
_SLACK = 0.001


class Entry:
    """Something that falls due once. A subclass says what happens in `due`."""

    __slots__ = ("_slot",)

    def __init__(self) -> None:
        self._slot: dict[Entry, None] = {}

    def due(self) -> None:
        """Called on the loop when the time has come; an exception goes to the loop's handler."""
        raise NotImplementedError

    def cancel(self) -> None:
        """Never fall due. Harmless if it already has, or was never scheduled."""
        self._slot.pop(self, None)


class _Callback(Entry):
    __slots__ = ("_call",)

    def __init__(self, call: Callable[[], object]) -> None:
        super().__init__()
        self._call = call

    def due(self) -> None:
        self._call()


class Wheel:
    """The timers of one loop; use it on that loop only. `current()` returns the running loop's."""

    __slots__ = ("_armed", "_order", "_slots", "_timer")

    def __init__(self) -> None:
        self._slots: dict[int, dict[Entry, None]] = {}
        self._order: list[int] = []  # a heap of the ticks that have a slot
        self._timer: asyncio.TimerHandle | None = None
        self._armed: float = math.inf  # the tick that the timer waits for

    def schedule(self, at: float, callback: Callable[[], object]) -> Entry:
        """Call `callback` once, at `at` (seconds of the loop's clock, past allowed) or up to a tick later."""
        entry = _Callback(callback)
        self.add(at, entry)
        return entry

    def add(self, at: float, entry: Entry) -> None:
        """Let `entry` fall due at `at`; for callers that are an entry themselves."""
        tick = int(at * _RATE) + 1
        slot = self._slots.get(tick)
        if slot is None:
            slot = self._open(tick)
        slot[entry] = None
        entry._slot = slot

    def cancel(self, entry: Entry) -> None:
        """The same as `entry.cancel()`."""
        entry.cancel()

    def waiting(self) -> int:
        """Return how many entries are still to fall due."""
        return sum(map(len, self._slots.values()))

    def armed(self) -> bool:
        """Whether the loop holds a timer for this wheel: false a while after the last entry went."""
        return self._timer is not None

    def _open(self, tick: int) -> dict[Entry, None]:
        slot: dict[Entry, None] = {}
        self._slots[tick] = slot
        heappush(self._order, tick)
        if tick < self._armed:
            self._arm(tick)
        return slot

    def _arm(self, tick: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._armed = tick
        self._timer = asyncio.get_running_loop().call_at(tick / _RATE + _SLACK, self._wake)

    def _wake(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer, self._armed = None, math.inf
        now = int(loop.time() * _RATE)
        order, slots = self._order, self._slots
        due: list[dict[Entry, None]] = []
        while order and order[0] <= now:
            due.append(slots.pop(heappop(order)))
        while order and not slots[order[0]]:
            del slots[heappop(order)]  # all cancelled: no reason to wake for it
        if order:
            self._arm(order[0])
        for slot in due:
            for entry in tuple(slot):
                if slot.pop(entry, self) is not self:  # an earlier one of this tick may have cancelled it
                    _fire(entry, loop)


def _fire(entry: Entry, loop: asyncio.AbstractEventLoop) -> None:
    try:
        entry.due()
    except Exception as error:  # noqa: BLE001 - one timer must not take the others with it
        loop.call_exception_handler({"message": f"{entry!r} raised when due", "exception": error})


_wheels: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Wheel] = weakref.WeakKeyDictionary()
_making = threading.Lock()
# The last answer: nearly always there is one loop. One tuple, replaced whole, so that threads see it whole.
_last: tuple[Callable[[], asyncio.AbstractEventLoop | None], Wheel] = (lambda: None, Wheel())


def current() -> Wheel:
    """Return the wheel of the running loop, made when first asked for."""
    loop = asyncio.get_running_loop()
    of, wheel = _last
    return wheel if of() is loop else _find(loop)


def _find(loop: asyncio.AbstractEventLoop) -> Wheel:
    global _last
    wheel = _wheels.get(loop)
    if wheel is None:
        with _making:
            # A timer that was still armed when its loop closed holds on to it.
            for gone in [other for other in _wheels if other.is_closed()]:
                del _wheels[gone]
            wheel = _wheels[loop] = Wheel()
    _last = (weakref.ref(loop), wheel)
    return wheel
