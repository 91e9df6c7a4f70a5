"""What policies report, and the bus that carries it.

Policies emit events and know nothing of metrics, logs or the console; those subscribe. Every event has
`at`, seconds of the monotonic clock. Event names and fields are public.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

__all__ = [
    "BreakerChanged",
    "Bus",
    "CallEnded",
    "Event",
    "RequestRefused",
    "RetryDecided",
    "StallSeen",
]


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened `at` (seconds, monotonic)."""

    at: float


@dataclass(frozen=True, slots=True)
class StallSeen(Event):
    """The event loop stood still, `at` being the start of it.

    `file`, `line` and `function` are the place in the service's own code that held the loop; `sink` is the
    innermost frame ("socket.py:718 readinto"). `route` is the route template of the request that held it,
    empty where there is none. `victims`: other requests in flight meanwhile.
    """

    duration: float
    file: str
    line: int
    function: str
    sink: str
    route: str
    victims: int


@dataclass(frozen=True, slots=True)
class RequestRefused(Event):
    """A request was refused at the door; `reason` as in `errors.Shed`."""

    reason: str


@dataclass(frozen=True, slots=True)
class BreakerChanged(Event):
    """A breaker went from one state to another ("closed", "open", "half-open")."""

    dependency: str
    old: str
    new: str
    why: str


@dataclass(frozen=True, slots=True)
class RetryDecided(Event):
    """After a failed attempt: `granted`, or why not ("attempts", "budget", "deadline", "not idempotent")."""

    dependency: str
    attempt: int
    granted: bool
    why: str
    delay: float


@dataclass(frozen=True, slots=True)
class CallEnded(Event):
    """A call to a dependency ended after `attempts` attempts that reached for the network.

    `outcome`: "ok", or a cause: "timeout", "connect", "status 503", "breaker", "bulkhead", "deadline",
    "cancelled". `degraded`: the caller got the fallback. `duration` in seconds, waiting included.
    """

    dependency: str
    outcome: str
    attempts: int
    degraded: bool
    duration: float


E = TypeVar("E", bound=Event)


class Bus:
    """Delivers each event to the subscribers of its type, in the order they subscribed.

    Delivery is a plain call on the emitter's thread: subscribers return at once and do not raise. One
    that raises is dropped from then on and named by `failed`, so that watching never harms what is watched.
    """

    __slots__ = ("_subscribers", "failed")

    def __init__(self) -> None:
        self._subscribers: dict[type[Event], tuple[Callable[[Any], None], ...]] = {}
        self.failed: list[tuple[Callable[[Any], None], Exception]] = []

    def subscribe(self, kind: type[E], receive: Callable[[E], None]) -> None:
        """Deliver every event of exactly `kind` to `receive`."""
        self._subscribers[kind] = (*self._subscribers.get(kind, ()), receive)

    def wanted(self, kind: type[Event]) -> bool:
        """Whether anybody listens: a hot path may spare the event otherwise."""
        return bool(self._subscribers.get(kind))

    def emit(self, event: Event) -> None:
        """Deliver `event`."""
        for receive in self._subscribers.get(type(event), ()):
            try:
                receive(event)
            except Exception as error:  # noqa: BLE001 - a broken subscriber must not break the service
                self._drop(type(event), receive, error)

    def _drop(self, kind: type[Event], receive: Callable[[Any], None], error: Exception) -> None:
        self.failed.append((receive, error))
        self._subscribers[kind] = tuple(s for s in self._subscribers[kind] if s is not receive)
