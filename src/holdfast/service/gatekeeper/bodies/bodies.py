"""Who waits for a body on one loop: those outside are counted, and those inside are kept few."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from holdfast.budget.model.connection import Connection
from holdfast.clock import Now, monotonic
from holdfast.policy.deadline.wheel import Entry, Wheel
from holdfast.policy.enforcement import ENFORCED, Enforcement

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
    of them; both are kept by who waits. `ahead`: bytes that are waited for. `enforcement` says how far the
    limits go.

    Is itself the timer for whoever stands longest.
    """

    __slots__ = (
        "_armed",
        "_limits",
        "_line",
        "_room",
        "_standing",
        "ahead",
        "enforcement",
        "held",
        "now",
        "outside",
        "wheel",
    )

    def __init__(
        self,
        limits: Connection,
        room: Callable[[], float],
        wheel: Wheel,
        now: Now = monotonic,
        *,
        enforcement: Enforcement = ENFORCED,
    ) -> None:
        super().__init__()
        self.ahead = limits.body_ahead
        self.held = 0
        self.outside = 0
        self.now = now
        self.wheel = wheel
        self.enforcement = enforcement
        self._limits = limits
        self._room = room
        self._line: dict[Standing, None] = {}
        self._standing: dict[Standing, float] = {}  # since when
        self._armed = False

    @property
    def roomy(self) -> bool:
        """Whether bodies may be waited for outside."""
        return self.held < _MOST_HELD and not self.enforcement.off

    @property
    def standing(self) -> int:
        """How many stand still inside, or have just begun to wait."""
        return len(self._standing)

    def gives_up(self) -> bool:
        """Whether who waits outside is given up, as his time is over."""
        return self.enforcement.acts("refuse", "body_timeout")

    def patience(self, taken: int) -> float:
        """Return how many seconds a body may take outside of which `taken` bytes have come."""
        return self._limits.body_timeout + taken / self._limits.body_pace + _AFTER

    def ask(self, body: Standing) -> None:
        """Have `body` let in, in its turn, when few enough stand still inside."""
        self._line[body] = None
        self._admit()

    @property
    def pace(self) -> int:
        """Bytes a second below which a body stands still, however steadily it comes."""
        return self._limits.body_pace

    def stand(self, body: Standing, since: float) -> None:
        """Note that an app waits for the client, who has not kept pace since then."""
        self._standing[body] = since
        if not self._armed:
            self._thin()

    def go_on(self, body: Standing) -> None:
        """Note that something came, that nobody waits any more, or that the request is over."""
        self._line.pop(body, None)
        if self._standing.pop(body, None) is not None and self._line:
            self._admit()

    def due(self) -> None:
        """End whoever has stood still for too long."""
        self._armed = False
        self._thin()

    def _places(self) -> float:
        return max(1.0, self._room() * self._limits.body_share)

    def _admit(self) -> None:
        places = self._places() if self.enforcement.binds else math.inf
        while self._line and len(self._standing) < places:
            body = next(iter(self._line))
            del self._line[body]
            # It stands still already, so that its place is taken for those who come in the same turn.
            self._standing[body] = self.now()
            body.let_in()

    def _thin(self) -> None:
        now, places = self.now(), self._places()
        while len(self._standing) > places:
            # They are too many when the last of the share and one more have stood for long enough.
            last = sorted(self._standing.values())[int(places)]
            if now - last < STILL:
                self._armed = True
                self.wheel.add(last + STILL, self)
                return
            body = min(self._standing, key=self._standing.__getitem__)
            del self._standing[body]
            if self.enforcement.acts("cut", "body_share"):
                body.end()
        if self._line:
            self._admit()
