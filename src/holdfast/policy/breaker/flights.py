"""Calls in flight by age: who answers nobody any more is slow before the first call has ended."""

from __future__ import annotations

__all__ = ["Flights"]


class Flights:
    """Which calls are under way, and which of them have been for `slow` seconds already.

    Calls start in the order of time, so that the oldest is the first of the dict: looking for slow ones
    costs one comparison where there is none.
    """

    __slots__ = ("_slow", "_started")

    def __init__(self, slow: float) -> None:
        self._slow = slow
        self._started: dict[int, float] = {}

    def start(self, token: int, now: float) -> None:
        """A call begins."""
        self._started[token] = now

    def end(self, token: int, now: float) -> bool | None:
        """A call ends: whether it was slow; None if it is not known, or was told as overdue already."""
        started = self._started.pop(token, None)
        return None if started is None else now - started >= self._slow

    def overdue(self, now: float) -> int:
        """Return how many calls in flight have become slow since this was last asked."""
        found = 0
        while self._started:
            token = next(iter(self._started))
            if now - self._started[token] < self._slow:
                break
            del self._started[token]
            found += 1
        return found

    def clear(self) -> None:
        """Forget all: what ends later is not known."""
        self._started.clear()
