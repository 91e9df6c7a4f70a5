"""Long stalls come in parts; here they are put together again.

The watch reports a long stall while it lasts, so that a worker which is killed in the middle has named its
line: each part starts where the one before ended, so durations and victims add up. Two stalls never touch:
between them the loop has ticked, and the second is counted from the tick after.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from holdfast.events import StallSeen

__all__ = ["StallTally", "StallTotals", "continues"]

_TOUCHING = 1e-6  # seconds: times go through the board in whole nanoseconds


def continues(part: StallSeen, following: StallSeen) -> bool:
    """Return whether `following` is the next part of the stall that `part` belongs to."""
    return abs(part.at + part.duration - following.at) <= _TOUCHING


@dataclass(frozen=True, slots=True)
class StallTotals:
    """All stalls at one place; `total` and `longest` in seconds, `sink` that of the longest part."""

    file: str
    line: int
    function: str
    sink: str
    route: str
    count: int
    total: float
    longest: float
    victims: int

    def document(self) -> dict[str, Any]:
        """Return it as JSON-ready data."""
        return asdict(self)


Place = tuple[str, int, str, str]


class StallTally:
    """Sums up the stalls of several workers by place, and keeps the last `keep` of them whole.

    The parts of one stall that were at different places count once at each, with the time spent there.
    """

    def __init__(self, keep: int = 200) -> None:
        self._totals: dict[Place, StallTotals] = {}
        self._open: dict[int, tuple[StallSeen, dict[Place, float]]] = {}
        self._recent: deque[tuple[int, StallSeen]] = deque(maxlen=keep)

    def add(self, worker: int, stalls: Iterable[StallSeen]) -> None:
        """Take what was read from the ring of slot `worker`, oldest first."""
        for part in stalls:
            before = self._open.get(worker)
            if before is not None and continues(before[0], part):
                spent = before[1]
                self._extend_recent(worker, part)
            else:
                spent = {}
                self._recent.append((worker, part))
            self._open[worker] = (part, spent)
            self._count(part, spent)

    def totals(self) -> list[StallTotals]:
        """Return the sums, the worst by total time first."""
        return sorted(self._totals.values(), key=lambda t: (-t.total, t.file, t.line))

    def recent(self) -> list[StallSeen]:
        """Return the last stalls, each whole and at its first part's place, oldest first."""
        return [stall for _, stall in self._recent]

    def _count(self, part: StallSeen, spent: dict[Place, float]) -> None:
        place = (part.file, part.line, part.function, part.route)
        here = spent.get(place)
        spent[place] = (here or 0.0) + part.duration
        old = self._totals.get(place)
        if old is None:
            old = StallTotals(part.file, part.line, part.function, part.sink, part.route, 0, 0.0, 0.0, 0)
        self._totals[place] = replace(
            old,
            sink=part.sink if spent[place] > old.longest else old.sink,
            count=old.count + (here is None),
            total=old.total + part.duration,
            longest=max(old.longest, spent[place]),
            victims=old.victims + part.victims,
        )

    def _extend_recent(self, worker: int, part: StallSeen) -> None:
        for position in range(len(self._recent) - 1, -1, -1):
            owner, whole = self._recent[position]
            if owner == worker:
                longer = part.at + part.duration - whole.at
                self._recent[position] = (
                    worker,
                    replace(whole, duration=longer, victims=whole.victims + part.victims),
                )
                return
