"""What a policy in observe mode reports."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.events import Event

__all__ = ["PolicyObserved"]


@dataclass(frozen=True, slots=True)
class PolicyObserved(Event):
    """A policy in observe mode let something pass that it would have acted on.

    `policy`: "admission", "breaker", "bulkhead", "connection", "deadline", "hedge", "idempotency", "kill",
    "offload", "ratelimit", "retry", "throttle", "timeout" or "websocket". `subject`: the name of the
    dependency or rate limit, the route of a deadline or key ("GET /orders/{id}"), "threads" or "processes";
    else empty. `would`: "queue", "refuse", "replay", "retry" or "cut". `why`: in the policy's own words.
    """

    policy: str
    subject: str
    would: str
    why: str
