"""The line before the gate: by class, and in it the oldest first; in an overload the newest.

Whoever waited longest has most likely given up, and to serve the oldest first makes everybody wait as long
as they can bear. Adaptive LIFO: Maurer, "Fail at Scale" (ACM Queue, 2015).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from typing import TypeAlias

from holdfast.policy.admission.priority import LEVELS, Class

__all__ = ["Fate", "Line", "Ticket", "Waits"]

Waits: TypeAlias = tuple[tuple[tuple[Class, ...], float], ...]
"""Classes, and the seconds that they may wait."""


class Fate(Enum):
    """What became of a ticket."""

    WAITING = "waiting"
    ADMITTED = "admitted"
    EXPIRED = "expired"
    DISPLACED = "displaced"
    ABANDONED = "abandoned"


class Ticket:
    """A place in the line, taken at `since`; `wake` is called once, when its fate is known."""

    __slots__ = ("fate", "kind", "since", "wake")

    def __init__(self, since: float, priority: int, wake: Callable[[], object]) -> None:
        self.since = since
        self.kind = min(Class.CRITICAL, max(Class.SHEDDABLE, priority // LEVELS))
        self.wake = wake
        self.fate = Fate.WAITING

    def settle(self, fate: Fate) -> None:
        """Decide its fate, and wake its owner."""
        self.fate = fate
        self.wake()


class Line:
    """Tickets by class. In one class all wait equally long at most, so the oldest expires first."""

    __slots__ = ("_lanes",)

    def __init__(self) -> None:
        self._lanes: tuple[OrderedDict[Ticket, None], ...] = tuple(OrderedDict() for _ in Class)

    def add(self, ticket: Ticket) -> None:
        """Take a place."""
        self._lanes[ticket.kind][ticket] = None

    def remove(self, ticket: Ticket) -> None:
        """Leave the line."""
        del self._lanes[ticket.kind][ticket]

    def next(self, *, newest: bool) -> Ticket | None:
        """Take out whose turn it is."""
        critical = self._lanes[Class.CRITICAL]
        if critical:  # always in turn: there is room for them, it is only not there at once
            return critical.popitem(last=False)[0]
        for lane in reversed(self._lanes):
            if lane:
                return lane.popitem(last=newest)[0]
        return None

    def overdue(self, now: float, waits: Waits) -> Iterator[Ticket]:
        """Take out, one after the other, whose wait is over."""
        for kinds, patience in waits:
            while (oldest := self._oldest(kinds)) is not None and oldest.since + patience <= now:
                self.remove(oldest)
                yield oldest

    def next_due(self, waits: Waits) -> float | None:
        """Return when the first wait is over; None while nobody waits."""
        oldest = ((self._oldest(kinds), patience) for kinds, patience in waits)
        return min((ticket.since + patience for ticket, patience in oldest if ticket), default=None)

    def below(self, kind: int) -> bool:
        """Whether anybody of a lower class waits."""
        return any(self._lanes[:kind])

    def displace(self, kind: int) -> Ticket:
        """Take out the oldest of the lowest class, which is below `kind`."""
        lane = next(lane for lane in self._lanes[:kind] if lane)
        return lane.popitem(last=False)[0]

    def _oldest(self, kinds: Iterable[Class]) -> Ticket | None:
        """Return who has waited longest, of these classes."""
        first = [next(iter(self._lanes[kind])) for kind in kinds if self._lanes[kind]]
        return min(first, key=lambda ticket: ticket.since) if first else None
