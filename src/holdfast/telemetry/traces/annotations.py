"""What policies decide is noted on the span in force: a retry, a call that was not let through, a breaker."""

from __future__ import annotations

import sys
from typing import Any

from holdfast.events import BreakerChanged, Bus, CallEnded, RetryDecided

__all__ = ["Annotations"]


class Annotations:
    """Subscribes to the bus and writes span events; does nothing where no span is recorded."""

    __slots__ = ("_bus",)

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        bus.subscribe(RetryDecided, self.retry)
        bus.subscribe(CallEnded, self.call)
        bus.subscribe(BreakerChanged, self.breaker)

    def end(self) -> None:
        """Listen no more."""
        self._bus.unsubscribe(RetryDecided, self.retry)
        self._bus.unsubscribe(CallEnded, self.call)
        self._bus.unsubscribe(BreakerChanged, self.breaker)

    def retry(self, event: RetryDecided) -> None:
        """Note whether a failed attempt is repeated, and why not."""
        if (span := _recording()) is not None:
            attributes = {"attempt": event.attempt, "granted": event.granted, "why": event.why}
            span.add_event("holdfast.retry", {"dependency": event.dependency, **attributes})

    def call(self, event: CallEnded) -> None:
        """Note a call that had no good answer; a good one has its client span."""
        if (event.outcome != "ok" or event.degraded) and (span := _recording()) is not None:
            attributes = {"outcome": event.outcome, "attempts": event.attempts, "degraded": event.degraded}
            span.add_event("holdfast.call", {"dependency": event.dependency, **attributes})

    def breaker(self, event: BreakerChanged) -> None:
        """Note that this request made a breaker change."""
        if (span := _recording()) is not None:
            attributes = {"old": event.old, "new": event.new, "why": event.why}
            span.add_event("holdfast.breaker", {"dependency": event.dependency, **attributes})


def _recording() -> Any:
    trace: Any = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return None
    span = trace.get_current_span()
    return span if span.is_recording() else None
