"""Whether there is an overload, and what that means for those who wait: how many, and for how long.

Overload is a queue that has stood for a whole interval (CoDel, RFC 8289; folly's Codel and Fail at Scale for
requests). It lasts until nobody was turned away for as long. Meanwhile only so many may wait as are served
within twice the target, and all others are refused at once: that is what is cheap.
"""

from __future__ import annotations

import math

from holdfast.policy.admission.config import AdmissionConfig
from holdfast.policy.admission.line import Waits
from holdfast.policy.admission.priority import Class
from holdfast.policy.admission.window import WINDOW

__all__ = ["Overload"]


class Overload:
    """`active` while there is one. `places`: how many may wait; `first`: of the most important.

    `quiet_since`: when somebody was turned away last, on the gate's clock.
    """

    __slots__ = ("_config", "_empty_at", "_interval", "active", "first", "places", "quiet_since")

    def __init__(self, config: AdmissionConfig, interval: float) -> None:
        self._config = config
        self._interval = interval
        self._empty_at = -math.inf
        self.active = False
        self.places = self.first = config.queue
        self.quiet_since = -math.inf

    def queues(self, now: float) -> None:
        """Take notice that somebody begins to wait where nobody did."""
        self._empty_at = now

    def beat(self, now: float, *, queued: int, turned: int, closed: bool) -> bool:
        """Return whether the line has stood for too long; end where all has been quiet.

        `queued` wait, and `turned` were turned away since the last beat. Behind a `closed` door nothing ends.
        """
        if turned:
            self.quiet_since = now
        if not queued:
            self._empty_at = now
        if now - self._empty_at > self._interval:
            return True
        if self.active and not closed and now - self.quiet_since > self._interval:
            self.active, self.places = False, self._config.queue
        return False

    def begin(self, admitted: int) -> None:
        """There is one: `admitted` were let in from the line in the window so far."""
        self.active = True
        self._set_places(admitted, WINDOW)

    def turn(self, seconds: float, *, answered: int, admitted: int) -> None:
        """End a window of so many seconds, above 0."""
        if self._config.follows:
            self.first = max(self._config.queue, math.ceil(answered / seconds * self._config.wait))
        if self.active:
            self._set_places(admitted, seconds)

    def waits(self) -> Waits:
        """Return how long the classes may wait: in an overload only the most important may wait for long."""
        wait = self._config.wait
        if not self.active:
            return ((tuple(Class), wait),)
        return (
            ((Class.SHEDDABLE, Class.NORMAL), min(wait, 2 * self._config.target)),
            ((Class.CRITICAL,), wait),
        )

    def _set_places(self, admitted: int, seconds: float) -> None:
        served = admitted * 2 * self._config.target / seconds
        self.places = min(self._config.queue, max(1, math.ceil(served)))
