"""The subscriber that writes events to a slot of the state board."""

from __future__ import annotations

from holdfast.events import BreakerChanged, Bus, CallEnded, RequestRefused, RetryDecided, StallSeen
from holdfast.policy.observed import PolicyObserved
from holdfast.telemetry.board import DependencyCell, ObservingCell, Slot, SlotCell
from holdfast.telemetry.stalls import continues

__all__ = ["BREAKER_STATES", "Recorder"]

BREAKER_STATES = ("closed", "half-open", "open")
"""A breaker's state is its index here; 0 is also what a dependency without a breaker shows."""

_REFUSALS = frozenset({"breaker", "bulkhead"})
_NS = 1_000_000_000


class Recorder:
    """Writes what happened to `slot`.

    Requests are not events: the gatekeeper counts them on the board itself, for speed. A call counts as a
    failure when it reached for the network and had no good answer, and as refused when it was not let
    through; one that was cancelled is neither.
    """

    __slots__ = ("_last_stall", "_slot")

    def __init__(self, slot: Slot) -> None:
        self._slot = slot
        self._last_stall: StallSeen | None = None

    def attach(self, bus: Bus) -> None:
        """Subscribe to everything that belongs on the board."""
        bus.subscribe(StallSeen, self.stall)
        bus.subscribe(BreakerChanged, self.breaker)
        bus.subscribe(RetryDecided, self.retry)
        bus.subscribe(CallEnded, self.call)
        bus.subscribe(RequestRefused, self.refused)
        bus.subscribe(PolicyObserved, self.observed)

    def stall(self, event: StallSeen) -> None:
        """Write a stall; a part that continues the one before adds to its time and is not counted."""
        cells = self._slot.gauges
        if self._last_stall is None or not continues(self._last_stall, event):
            cells[SlotCell.STALLS] += 1
        cells[SlotCell.STALL_NS] += round(event.duration * _NS)
        self._last_stall = event
        self._slot.stalls.append(event)

    def refused(self, event: RequestRefused) -> None:
        """Count a request that was refused at the door."""
        self._slot.refused.row(event.reason)[0] += 1

    def observed(self, event: PolicyObserved) -> None:
        """Count what a policy in observe mode would have done."""
        self._slot.observing.row(f"{event.policy} {event.subject}".rstrip())[ObservingCell.COUNT] += 1

    def breaker(self, event: BreakerChanged) -> None:
        """Write the state that a breaker has come to."""
        cells = self._slot.dependencies.row(event.dependency)
        cells[DependencyCell.BREAKER] = BREAKER_STATES.index(event.new)

    def retry(self, event: RetryDecided) -> None:
        """Count a retry that was granted."""
        if event.granted:
            self._slot.dependencies.row(event.dependency)[DependencyCell.RETRIES] += 1

    def call(self, event: CallEnded) -> None:
        """Count a call that ended."""
        cells = self._slot.dependencies.row(event.dependency)
        cells[DependencyCell.CALLS] += 1
        cells[DependencyCell.ATTEMPTS] += event.attempts
        cells[DependencyCell.SUM_NS] += max(0, round(event.duration * _NS))
        if event.degraded:
            cells[DependencyCell.DEGRADED] += 1
        if event.outcome in _REFUSALS or (event.outcome == "deadline" and not event.attempts):
            cells[DependencyCell.REFUSED] += 1
        elif event.outcome not in ("ok", "cancelled"):
            cells[DependencyCell.FAILURES] += 1
