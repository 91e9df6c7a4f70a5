"""What is known of one replica: pure, from what primary and replica said of their logs, and when.

The primary says at some moment how far its log is. Once the replica has replayed as far, it shows everything
that was committed before that moment, whatever clocks say: it is as fresh as that moment. Its own report of
its lag would not do: one that has lost its primary finds that it has replayed all that it got.
"""

from __future__ import annotations

from collections import deque
from typing import Literal

from holdfast.client.sql.replica.mark import Mark

__all__ = ["Known", "Why", "by_time"]

Why = Literal["replica", "wrote", "behind", "down"]
"""As in `events.ReadRouted`."""

_EAGER = 0.1
"""Seconds between two looks at a replica that is waited for: as often as a look is cheap for two servers."""

_PENDING = 64
"""Positions of the primary that the replica has not reached; beyond, the oldest are of no use any more."""


class Known:
    """`lag`: seconds that it may be behind. Times are monotonic seconds unless they are a mark's."""

    __slots__ = ("_pending", "_tried", "fresh", "lag", "position")

    def __init__(self, lag: float) -> None:
        self.lag = lag
        self.position: int | None = None
        self.fresh: float | None = None
        self._tried: float | None = None
        self._pending: deque[tuple[float, int]] = deque(maxlen=_PENDING)

    def asked(self, asked: float, primary: int, replayed: int) -> None:
        """Hear that the primary's log was at `primary` when `asked`, and then this one's at `replayed`."""
        if self.position is not None and replayed < self.position:
            self.lost()  # another history: it was rebuilt, or its primary was replaced
        self.position = replayed
        self._pending.append((asked, primary))
        while self._pending and self._pending[0][1] <= replayed:
            self.fresh = self._pending.popleft()[0]

    def lost(self) -> None:
        """Hear that it could not be used: nothing is known until it has been asked again."""
        self.position = self.fresh = None
        self._pending.clear()

    def due(self, now: float, why: Why) -> bool:
        """Whether to ask it now, for a caller whom it serves as `why` says; it then counts as asked.

        Four times within `lag`, so that one may fail; sooner while it does not serve, so that it soon does.
        """
        pause = self.lag / 4 if why == "replica" else min(self.lag / 4, _EAGER)
        if self._tried is not None and now - self._tried < pause:
            return False
        self._tried = now
        return True

    def serves(self, now: float, mark: Mark | None) -> Why:
        """Return "replica" where it shows `mark` and is fresh enough; else why it does not.

        A mark without a position is shown by what is fresh since then: for a caller whose write ended at
        most `lag` ago, nothing is. See `by_time`.
        """
        if self.fresh is None or self.position is None or now - self.fresh > self.lag:
            return "behind"
        if mark is not None and mark.position is not None and self.position < mark.position:
            return "wrote"
        return "replica"


def by_time(mark: Mark | None, lag: float, wall: float) -> Why:
    """Return "wrote" to a caller who has written within `lag` seconds before `wall`, seconds since 1970.

    A mark of the future is of a clock that is ahead, and as good as one of now.
    """
    return "wrote" if mark is not None and wall - mark.at <= lag else "replica"
