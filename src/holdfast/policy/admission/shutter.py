"""How wide the door stands, by how late the event loop is.

A loop that has been late for a whole interval is an overload, whatever the number says: the door closes until
the loop has caught up, opens as wide as what is left inside then, and a little wider with each beat. To open
it at once would let in what closed it.
"""

from __future__ import annotations

import math

__all__ = ["Shutter"]

_WIDER = 1.01
"""Each beat after the door has opened again: twice as wide after 1.4 s."""


class Shutter:
    """`closed` once the loop has been later than `most` seconds for `interval` seconds; None: never."""

    __slots__ = ("_interval", "_late_since", "_most", "_width", "closed")

    def __init__(self, most: float | None, interval: float) -> None:
        self._most = most
        self._interval = interval
        self._late_since: float | None = None
        self._width = math.inf
        self.closed = False

    def beat(self, now: float, lag: float, *, inside: int, limit: int) -> None:
        """Close, or open a little wider: the loop is `lag` seconds late."""
        if self._most is None:
            return
        if lag > self._most:
            if self._late_since is None:
                self._late_since = now
            elif now - self._late_since >= self._interval:
                self.closed = True
            return
        self._late_since = None
        if self.closed:
            # So many are left now that the loop has caught up: begin with them, or it would all begin again.
            self.closed, self._width = False, max(1.0, inside)
        self._width = self._width * _WIDER + 0.1 if self._width < limit else math.inf

    def narrows(self, limit: int) -> bool:
        """Whether fewer than `limit` may be inside."""
        return self.closed or self._width < limit

    def room(self, limit: int) -> int:
        """Return how many may be inside, at most `limit`."""
        return 0 if self.closed else int(min(limit, self._width))

    def release(self) -> None:
        """Open wide: nothing is known of the loop any more."""
        self.closed, self._width = False, math.inf
