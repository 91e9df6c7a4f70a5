"""The gate: a bounded number inside, a bounded number waiting, first come first served.

Pure: it takes the time and says what happens; a ticket's `wake` is called when its fate is known. Permits are
conserved: `in_flight` rises with every admission and falls with every `leave`, and a permit that is handed
over goes to exactly one ticket, whose owner either uses it and leaves, or passes it on by leaving.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from holdfast.policy.admission.config import AdmissionConfig
from holdfast.policy.admission.limit import Limit
from holdfast.policy.outcome import Outcome

__all__ = ["Fate", "Gate", "Refused", "Ticket"]


class Fate(Enum):
    """What became of a ticket."""

    WAITING = "waiting"
    ADMITTED = "admitted"
    EXPIRED = "expired"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Refused:
    """No entry; `reason` as in `errors.Shed`, `retry_after` in seconds."""

    reason: str
    retry_after: float


class Ticket:
    """A place in the queue until `until`; `wake` is called once, when it is admitted or expires."""

    __slots__ = ("fate", "until", "wake")

    def __init__(self, until: float, wake: Callable[[], object]) -> None:
        self.until = until
        self.wake = wake
        self.fate = Fate.WAITING


class Gate:
    """Who enters. `try_enter` and `leave` are the hot path; `arrive` is for when the gate is full."""

    __slots__ = ("_config", "_limit", "_queue", "in_flight", "limit")

    def __init__(self, config: AdmissionConfig, limit: Limit) -> None:
        self._config = config
        self._limit = limit
        self._queue: OrderedDict[Ticket, None] = OrderedDict()
        self.limit = limit.value
        self.in_flight = 0

    @property
    def queued(self) -> int:
        """How many wait."""
        return len(self._queue)

    def try_enter(self) -> bool:
        """Enter if there is room and nobody waits for it. Every True needs one `leave`."""
        if self.in_flight < self.limit and not self._queue:
            self.in_flight += 1
            return True
        return False

    def enter_anyway(self) -> None:
        """Enter beyond any limit: observe mode counts and refuses nothing. Needs one `leave`."""
        self.in_flight += 1

    def leave(self) -> None:
        """Give one permit back; whoever waits longest gets it, unless the limit has fallen below."""
        self.in_flight -= 1
        if self._queue:
            self._admit()

    def arrive(self, now: float, wake: Callable[[], object]) -> Ticket | Refused:
        """Take a place in the queue, or learn that there is none. Call it after `try_enter` said no."""
        if self._config.queue == 0:
            return Refused("full", self._config.retry_after)
        self.expire(now)  # a place that nobody can use any more is free
        if len(self._queue) >= self._config.queue:
            return Refused("full", self._config.retry_after)
        ticket = Ticket(now + self._config.wait, wake)
        self._queue[ticket] = None
        self._admit()
        return ticket

    def abandon(self, ticket: Ticket) -> bool:
        """Give up a ticket. False: it had been admitted, so its owner holds a permit and must leave."""
        if ticket.fate is Fate.ADMITTED:
            return False
        if ticket.fate is Fate.WAITING:
            del self._queue[ticket]
            ticket.fate = Fate.ABANDONED
        return True

    def expire(self, now: float) -> None:
        """Wake, unadmitted, everyone whose wait is over."""
        while self._queue:
            ticket = next(iter(self._queue))
            if ticket.until > now:
                return
            del self._queue[ticket]
            ticket.fate = Fate.EXPIRED
            ticket.wake()

    def next_wakeup(self) -> float | None:
        """Return when `expire` has something to do; None while nobody waits."""
        return next(iter(self._queue)).until if self._queue else None

    def refusal(self) -> Refused:
        """Return what one is told whose wait ended in vain."""
        return Refused("waited", self._config.retry_after)

    def sample(self, now: float, latency: float, outcome: Outcome) -> None:
        """Let the limit learn from one who is about to leave, and follow it."""
        self._limit.sample(now, latency, self.in_flight, outcome)
        self.limit = self._limit.value
        if self._queue:
            self._admit()

    def _admit(self) -> None:
        while self._queue and self.in_flight < self.limit:
            ticket, _ = self._queue.popitem(last=False)
            self.in_flight += 1
            ticket.fate = Fate.ADMITTED
            ticket.wake()
