"""What a policy in observe mode reports."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.events import Event

__all__ = ["PolicyObserved"]


@dataclass(frozen=True, slots=True)
class PolicyObserved(Event):
    """A policy in observe mode let something pass that it would have acted on.

    `policy`: "admission", "breaker", "bulkhead", "hedge", "retry", "throttle" or "timeout". `subject`: the
    dependency's name, empty at the door. `would`: "queue", "refuse", "retry" or "cut". `why`: in the
    policy's own words.
    """

    policy: str
    subject: str
    would: str
    why: str
