"""How long the server waits for the client of one connection, and for what.

A client that sends half a head, or nothing, or a body by the byte, costs a connection and perhaps a place
among those that are served; Uvicorn waits for it for ever. Each connection has one entry on the wheel, which
looks at it when it may be late, and else as often as the shortest of the times passes: whatever the client
begins in between falls due after the next look.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from holdfast.budget.model.connection import Connection
from holdfast.clock import monotonic
from holdfast.policy.deadline.wheel import Entry, Wheel
from holdfast.policy.enforcement import ENFORCED, Enforcement
from holdfast.service.refusal import DRAIN_SECONDS

if TYPE_CHECKING:
    from holdfast.serve.protocol.conversation import Conversation

__all__ = ["Patience"]


class Patience(Entry):
    """Of one connection, from its beginning to its end; `keepalive` in seconds. `enforcement` says how far
    `limits` go; `keepalive`, and the second for what nobody wants, hold in any case.
    """

    __slots__ = ("_closing", "_enforcement", "_keepalive", "_limits", "_of", "_often", "_told", "_wheel")

    def __init__(
        self,
        of: Conversation,
        limits: Connection,
        keepalive: float,
        wheel: Wheel,
        enforcement: Enforcement = ENFORCED,
    ) -> None:
        super().__init__()
        self._of = of
        self._limits = limits
        self._keepalive = keepalive
        self._wheel = wheel
        self._closing = 0.0
        self._enforcement = enforcement
        self._told: tuple[str, float] = ("", 0.0)
        times = (keepalive, limits.header_timeout, limits.body_timeout, limits.send_timeout)
        self._often = max(0.05, min(times))
        wheel.add(monotonic() + self._often, self)

    def due(self) -> None:
        """Look; and come back, until the connection is gone."""
        now = monotonic()
        at = self._look(now)
        if self._of.patience is self:
            self._wheel.add(min(max(at, now), now + self._often), self)

    def look_at(self, at: float) -> None:
        """Look at `at` too, which may be earlier than it would be otherwise."""
        self.cancel()
        self._wheel.add(at, self)

    def _look(self, now: float) -> float:
        """Do what is due; return when something next may be, as things stand."""
        of, limits = self._of, self._limits
        if of.transport.is_closing():
            self._closing = self._closing or now
            return self._held(now, "send_timeout", self._closing, limits.send_timeout, of.transport.abort)
        if of.flow.write_paused:
            return self._held(now, "send_timeout", of.stuck_since, limits.send_timeout, of.transport.abort)
        if of.unwanted and of.lingering:
            return self._until(now, of.since + DRAIN_SECONDS, of.transport.close)
        if of.unwanted or (of.busy() and of.cycle.more_body):
            if of.flow.read_paused or (of.busy() and of.cycle.waiting_for_100_continue):
                of.since, of.taken = now, 0  # it is the app that does not read
                return now + limits.body_timeout
            patient = limits.body_timeout + of.taken / limits.body_pace
            return self._held(now, "body_timeout", of.since, patient, of.body_is_late)
        if of.busy():
            return now + self._often
        if of.heading:
            return self._held(now, "header_timeout", of.since, limits.header_timeout, of.head_is_late)
        # Idle: connected and silent, or kept alive after an answer.
        if of.since == of.born:
            return self._held(now, "header_timeout", of.since, limits.header_timeout, of.transport.close)
        return self._until(now, of.since + self._keepalive, of.transport.close)

    def _held(
        self, now: float, limit: str, since: float, patient: float, late: Callable[[], object]
    ) -> float:
        """As `_until`, as far as `limit` goes; what it would have done is told once."""
        if since + patient > now:
            return since + patient
        told, self._told = self._told == (limit, since), (limit, since)
        if self._enforcement.binds if told else self._enforcement.acts("cut", limit):
            late()
        return now + self._often

    def _until(self, now: float, at: float, late: Callable[[], object]) -> float:
        if at > now:
            return at
        late()
        return now + self._often
