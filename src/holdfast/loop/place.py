"""Where a loop stood still, and which of many samples of it speaks for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from holdfast.loop.cause import Cause

__all__ = ["NOWHERE", "STARVED", "UNSEEN", "Place", "majority"]


@dataclass(frozen=True, slots=True)
class Place:
    """As in `events.StallSeen`: the service's own line, the innermost frame, the request's route.

    `request_id` is of the first request that was seen there: several may hold one stall, one after the other,
    and they are at one place all the same.
    """

    file: str
    line: int
    function: str
    sink: str
    route: str
    request_id: str = field(default="", compare=False)


STARVED = Place("", 0, "", "(starved: the loop was ready, and waited for the CPU or the GIL)", "")
"""The loop had something to do and did not get to it; no line of the service held it."""

UNSEEN = Place("", 0, "", "(no stack: C code held the GIL, or the process stood still)", "")
"""The watchdog did not run either while the loop stood still."""

NOWHERE = {
    Cause.STARVED: STARVED,
    Cause.GC: Place("", 0, "", "(gc: garbage was collected)", ""),
    Cause.SUSPENDED: Place("", 0, "", "(suspended: the whole process stood still)", ""),
}
"""What is told instead of a line where none is to blame."""


def majority(samples: Counter[Place]) -> Place:
    """Return the place that most samples agree on: first on the function, then its line, then the sink.

    A loop over a few lines is seen at each of them; the function is what they have in common. `samples` is
    not empty; among equals the first seen wins.
    """
    left = samples
    agree: tuple[Callable[[Place], Hashable], ...] = (
        lambda place: (place.file, place.function),
        lambda place: place.line,
        lambda place: (place.sink, place.route),
    )
    for key in agree:
        votes: Counter[Hashable] = Counter()
        for place, count in left.items():
            votes[key(place)] += count
        winner = votes.most_common(1)[0][0]
        left = Counter({place: count for place, count in left.items() if key(place) == winner})
    return next(iter(left))
