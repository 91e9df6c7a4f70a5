"""A bounded number of slots, a bounded queue for them, first come first served.

Conserved: `used` rises when a slot is taken and falls when it is given back. A slot that is handed over goes
to exactly one waiter, also when that waiter is cancelled in the same moment.
"""

from __future__ import annotations

import asyncio
from collections import deque

from holdfast.clock import Now, monotonic
from holdfast.errors import DeadlineExceeded, OffloadFull
from holdfast.policy.deadline import ambient
from holdfast.policy.enforcement import ENFORCED
from holdfast.policy.require import at_least

__all__ = ["Slots"]


class Slots:
    """`total` slots, and at most `queue` who wait for one; None: nobody has decided, the queue has no bound.

    `enforcement` says how far `queue` goes. Belongs to one loop. `kind` is what the slots are of, in the
    words of a refusal: "threads". Every `take` that returns needs one `give`.
    """

    __slots__ = ("_closed", "_now", "_total", "_waiting", "enforcement", "kind", "queue", "used")

    def __init__(self, kind: str, total: int, queue: int | None = None, *, now: Now = monotonic) -> None:
        at_least(1, total=total)
        at_least(0, queue=queue)
        self.kind = kind
        self.queue = queue
        self.enforcement = ENFORCED
        self.used = 0
        self._total = total
        self._now = now
        self._closed = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def total(self) -> int:
        """How many slots there are. Lowered, those beyond it are not given out again."""
        return self._total

    @total.setter
    def total(self, total: int) -> None:
        at_least(0, total=total)
        self._total = total
        self._hand_over()

    @property
    def closed(self) -> bool:
        """Whether everybody is refused."""
        return self._closed

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(not place.done() for place in self._waiting)

    def try_take(self) -> bool:
        """Take a slot if one is free and nobody waits for it."""
        if self.used < self._total and not self._waiting and not self._closed:
            self.used += 1
            return True
        return False

    async def take(self, *, late_too: bool = False) -> None:
        """Take a slot, waiting for one if need be.

        Raises OffloadFull when as many wait as may, or the slots were closed. Unless `late_too`, raises
        DeadlineExceeded when the deadline in force has passed, before or after the wait: work that is too
        late never starts.
        """
        if not late_too:
            self._in_time()
        if self.try_take():
            return
        if self._closed:
            raise OffloadFull(self.kind, "draining")
        full = self.queue is not None and len(self._waiting) >= self.queue and self.waiting >= self.queue
        if full and self.enforcement.acts("refuse", "full", self.kind):
            raise OffloadFull(self.kind, "full")
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                if place.exception() is None:
                    self.give()  # the slot came together with the cancellation: pass it on
            elif place in self._waiting:
                self._waiting.remove(place)
            raise
        try:
            if not late_too:
                self._in_time()
        except DeadlineExceeded:
            self.give()
            raise

    def give(self) -> None:
        """Give a slot back; whoever waits longest gets it."""
        self.used -= 1
        if self._waiting:
            self._hand_over()

    def close(self) -> None:
        """Refuse everybody from now on, those who wait included. What runs goes on."""
        self._closed = True
        waiting, self._waiting = self._waiting, deque()
        for place in waiting:
            if not place.done():
                place.set_exception(OffloadFull(self.kind, "draining"))

    def _hand_over(self) -> None:
        while self._waiting and self.used < self._total:
            place = self._waiting.popleft()
            if not place.done():  # done: cancelled, and its owner did not run yet
                self.used += 1
                place.set_result(None)

    def _in_time(self) -> None:
        at = ambient.at()
        if at is not None and at <= self._now():
            raise DeadlineExceeded
