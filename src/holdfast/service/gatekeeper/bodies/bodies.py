"""Who waits for a body on one loop: those outside are counted, and those inside are kept few."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Protocol

from holdfast.budget.model.connection import Connection
from holdfast.clock import Now, monotonic
from holdfast.policy.deadline.wheel import Entry, Wheel

__all__ = ["STILL", "Bodies", "Standing"]

STILL = 0.25
"""Seconds without a byte after which a body stands still: what was lost on the way comes again within 200 ms
(the least retransmission timeout of Linux, TCP_RTO_MIN), and the journey."""

_MOST_HELD = 16 << 20
"""Bytes that are held outside: 256 times `ahead`. Beyond them nobody is waited for outside; what is left is
the rule for those inside, which needs no memory."""

_AFTER = 1.0
"""Seconds after the protocol of `holdfast serve` gives up on a body; under other servers nobody else does."""


class Standing(Protocol):
    """A request whose body does not come on."""

    def let_in(self) -> None:
        """It may come in all the same."""

    def end(self) -> None:
        """It has stood still for too long."""


class Bodies(Entry):
    """`room`: how many places there are now. `outside` counts who is waited for, `held` the bytes that came
    of them; both are kept by who waits. `ahead`: bytes that are waited for.

    Is itself the timer for whoever stands longest.
    """

    __slots__ = ("_limits", "_line", "_room", "_standing", "ahead", "held", "now", "outside", "wheel")

    def __init__(
        self, limits: Connection, room: Callable[[], float], wheel: Wheel, now: Now = monotonic
    ) -> None:
        super().__init__()
        self.ahead = limits.body_ahead
        self.held = 0
        self.outside = 0
        self.now = now
        self.wheel = wheel
        self._limits = limits
        self._room = room
        self._line: dict[Standing, None] = {}
        self._standing: dict[Standing, float] = {}  # since when, the longest first

    @property
    def roomy(self) -> bool:
        """Whether bodies may be waited for outside."""
        return self.held < _MOST_HELD

    @property
    def standing(self) -> int:
        """How many stand still inside, or have just begun to wait."""
        return len(self._standing)

    def patience(self, taken: int) -> float:
        """Return how many seconds a body may take outside of which `taken` bytes have come."""
        return self._limits.body_timeout + taken / self._limits.body_pace + _AFTER

    def ask(self, body: Standing) -> None:
        """Have `body` let in, in its turn, when few enough stand still inside."""
        self._line[body] = None
        self._admit()

    def stand(self, body: Standing) -> None:
        """Note that an app begins to wait for the client."""
        self._standing.pop(body, None)
        self._standing[body] = self.now()
        self._thin()

    def go_on(self, body: Standing) -> None:
        """Note that something came, that nobody waits any more, or that the request is over."""
        self._line.pop(body, None)
        if self._standing.pop(body, None) is not None and self._line:
            self._admit()

    def due(self) -> None:
        """End whoever has stood still for too long."""
        self._thin()

    def _places(self) -> float:
        return max(1.0, self._room() * self._limits.body_share)

    def _admit(self) -> None:
        places = self._places()
        while self._line and len(self._standing) < places:
            body = next(iter(self._line))
            del self._line[body]
            # It stands still already, so that its place is taken for those who come in the same turn.
            self._standing[body] = self.now()
            body.let_in()

    def _thin(self) -> None:
        self.cancel()
        now, places = self.now(), self._places()
        while len(self._standing) > places:
            # They are too many when the last of the share and one more have stood for long enough.
            last = next(islice(self._standing.values(), int(places), None))
            if now - last < STILL:
                self.wheel.add(last + STILL, self)
                return
            body = next(iter(self._standing))
            del self._standing[body]
            body.end()
        if self._line:
            self._admit()
