"""The subscriber that writes events to a slot of the state board."""

from __future__ import annotations

from holdfast.events import (
    BreakerChanged,
    Bus,
    CacheUsed,
    CallEnded,
    ConnectionWaited,
    DataAccessSeen,
    KeyDecided,
    RateExceeded,
    RateUnchecked,
    ReadRouted,
    RequestRefused,
    RetryDecided,
    StallSeen,
)
from holdfast.policy.observed import PolicyObserved
from holdfast.telemetry.board import CacheCell, DependencyCell, ObservingCell, PoolCell, Slot, SlotCell
from holdfast.telemetry.refusals import Stage, row_name
from holdfast.telemetry.stalls import continues

__all__ = ["BREAKER_STATES", "Recorder"]

BREAKER_STATES = ("closed", "half-open", "open")
"""A breaker's state is its index here; 0 is also what a dependency without a breaker shows."""

_REFUSALS = frozenset({"breaker", "bulkhead", "throttled"})
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
        bus.subscribe(ConnectionWaited, self.waited)
        bus.subscribe(DataAccessSeen, self.access)
        bus.subscribe(ReadRouted, self.read)
        bus.subscribe(RequestRefused, self.refused)
        bus.subscribe(PolicyObserved, self.observed)
        bus.subscribe(RateExceeded, self.exceeded)
        bus.subscribe(RateUnchecked, self.unchecked)
        bus.subscribe(KeyDecided, self.key)
        bus.subscribe(CacheUsed, self.cache)

    def stall(self, event: StallSeen) -> None:
        """Write a stall; a part that continues the one before adds to its time and is not counted."""
        cells = self._slot.gauges
        if self._last_stall is None or not continues(self._last_stall, event):
            cells[SlotCell.STALLS] += 1
        cells[SlotCell.STALL_NS] += round(event.duration * _NS)
        self._last_stall = event
        self._slot.stalls.append(event)

    def waited(self, event: ConnectionWaited) -> None:
        """Count a wait for a connection."""
        cells = self._slot.pools.row(event.dependency)
        cells[PoolCell.WAITS] += 1
        cells[PoolCell.WAIT_NS] += max(0, round(event.duration * _NS))
        cells[PoolCell.REFUSED] += not event.granted

    def access(self, event: DataAccessSeen) -> None:
        """Count a use of a database that will hurt."""
        self._slot.access.row(f"{event.kind}\t{event.dependency}")[0] += 1

    def read(self, event: ReadRouted) -> None:
        """Count a session that only reads."""
        self._slot.reads.row(f"{event.why}\t{event.to}\t{event.dependency}")[0] += 1

    def refused(self, event: RequestRefused) -> None:
        """Count one who waited in vain or was refused inside; the door counts who is refused at once."""
        self._slot.refused.row(row_name(event.reason, Stage.ASGI, event.priority))[0] += 1

    def observed(self, event: PolicyObserved) -> None:
        """Count what a policy in observe mode would have done."""
        self._slot.observing.row(f"{event.policy} {event.subject}".rstrip())[ObservingCell.COUNT] += 1

    def exceeded(self, event: RateExceeded) -> None:
        """Count a call that was refused because its caller has used up a rate limit."""
        self._slot.ratelimits.row(event.limit)[0] += 1

    def unchecked(self, event: RateUnchecked) -> None:
        """Count a call of which the store of its rate limit could not say whether it may."""
        self._slot.ratelimits.row(f"{event.limit}\t{event.decision}")[0] += 1

    def key(self, event: KeyDecided) -> None:
        """Count what became of a request with an idempotency key."""
        self._slot.idempotency.row(f"{event.outcome}\t{event.route}")[0] += 1

    def cache(self, event: CacheUsed) -> None:
        """Count what became of lookups in a cache."""
        self._slot.caches.row(f"{event.outcome}\t{event.cache}")[CacheCell.COUNT] += event.count

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
