"""What the time of a request went to: the door, each dependency, a loop that stood still.

A call to a dependency is told on the bus where it ends, in the context of the request that made it. So the
request is found without being passed on, and one that calls nothing pays nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from holdfast.events import CallEnded, StallSeen
from holdfast.policy.deadline import ambient
from holdfast.service.gatekeeper.exchange import Exchange

__all__ = ["Stalls", "serving", "spend"]

_REMEMBERED = 64
"""Stalls that are remembered: those of the last seconds, unless the loop does nothing else."""


def serving() -> Exchange | None:
    """Return the exchange that is being served here; None outside of one."""
    frame = ambient.frame()
    while frame is not None and not isinstance(frame, Exchange):
        frame = frame.outer
    return frame


def spend(call: CallEnded) -> None:
    """Charge a call to the request that made it."""
    exchange = serving()
    if exchange is not None:
        if exchange.spent is None:
            exchange.spent = {}
        exchange.spent[call.dependency] = exchange.spent.get(call.dependency, 0.0) + call.duration


class Stalls:
    """The last stalls of the loop; `see` is called on the watchdog's thread."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        self._seen: deque[StallSeen] = deque(maxlen=_REMEMBERED)

    def see(self, stall: StallSeen) -> None:
        """Remember a stall."""
        self._seen.append(stall)

    def within(self, began: float, ended: float) -> Iterator[tuple[float, StallSeen]]:
        """Yield the stalls between two times (monotonic), with the seconds of each that lie there."""
        for stall in tuple(self._seen):
            seconds = min(ended, stall.at + stall.duration) - max(began, stall.at)
            if seconds > 0:
                yield seconds, stall
