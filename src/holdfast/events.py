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
    "CacheUsed",
    "CallEnded",
    "ConnectionWaited",
    "DataAccessSeen",
    "Event",
    "KeyDecided",
    "RateExceeded",
    "RateUnchecked",
    "ReadRouted",
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
    empty where there is none, and `request_id` that request's. `victims`: other requests in flight meanwhile.

    `cause`: "blocked" (it waited for something), "cpu" (it computed), "gc", "starved" (it was ready and
    waited for the CPU or the GIL), "suspended" (the whole process stood still: stopped, frozen, the machine
    asleep). The last three blame no line. `stack`: every frame as "file:line function", innermost first, only
    where the stall was told while it lasted.
    """

    duration: float
    file: str
    line: int
    function: str
    sink: str
    route: str
    victims: int
    request_id: str = ""
    cause: str = "blocked"
    stack: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestRefused(Event):
    """A request was refused at the door; `reason` as in `errors.Shed`, `priority` the name of its class."""

    reason: str
    priority: str = "any"


@dataclass(frozen=True, slots=True)
class RateExceeded(Event):
    """A call was refused: its caller has used up the rate limit `limit`; `violated` as in RateLimited."""

    limit: str
    violated: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RateUnchecked(Event):
    """The store of the rate limit `limit` did not answer; `why`: "timeout", "paused", "connection", "error".

    `decision`: what became of the call, as the budget says: "open", "closed" or "local".
    """

    limit: str
    decision: str
    why: str


@dataclass(frozen=True, slots=True)
class KeyDecided(Event):
    """What became of a request with an idempotency key on `route` ("POST /orders").

    `outcome`: "first", "replayed", "conflict" (409, in flight), "mismatch" (422), "unknown" (409), "invalid"
    (400), "lost" (a holder lost its lease, its write was refused), "unavailable" (503, the store did not
    answer), "unprotected" (it ran without its store, as the budget says).
    """

    route: str
    outcome: str


@dataclass(frozen=True, slots=True)
class CacheUsed(Event):
    """What became of `count` lookups in the cache `cache`, or of what was to be kept there.

    `outcome`: "hit", "early" (a hit, and computed anew before it expires), "stale" (served while it is
    computed anew), "error" (served because computing it failed), "absent" (known not to be), "shared" (a hit
    in the shared store), "miss", "joined" (a miss that waited for another's computation). Further: "void"
    (computed, and invalid by then), "unfit" (no value of its type), "unavailable" (the shared store did not
    answer). Of responses: "pass" (a request that is none of the cache's business), "unkept" (an answer that
    must not be kept).
    """

    cache: str
    outcome: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class BreakerChanged(Event):
    """A breaker went from one state to another ("closed", "open", "half-open")."""

    dependency: str
    old: str
    new: str
    why: str


@dataclass(frozen=True, slots=True)
class RetryDecided(Event):
    """After a failed attempt: `granted`, or why not ("attempts", "budget", "deadline", "not idempotent").

    `why` "hedge": a second attempt was granted beside the first, which is late.
    """

    dependency: str
    attempt: int
    granted: bool
    why: str
    delay: float


@dataclass(frozen=True, slots=True)
class CallEnded(Event):
    """A call to a dependency ended after `attempts` attempts that reached for the network.

    `outcome`: "ok", or a cause: "timeout", "connect", "status 503", "breaker", "bulkhead", "throttled",
    "deadline", "cancelled". `degraded`: the caller got the fallback. `duration` in seconds, waiting included.
    """

    dependency: str
    outcome: str
    attempts: int
    degraded: bool
    duration: float


@dataclass(frozen=True, slots=True)
class ConnectionWaited(Event):
    """A call waited `duration` seconds for a connection of the pool; `granted`: it got one."""

    dependency: str
    duration: float
    granted: bool


@dataclass(frozen=True, slots=True)
class DataAccessSeen(Event):
    """The way in which the service uses a database will hurt, or does.

    `kind`: "repeated" (one statement again and again: N+1), "slow" (a statement), "leaked" (a connection that
    outlives its request), "outside call" (made while a transaction is open), "unindexed" (a slow statement
    reads far more rows than it returns). `file`, `line` and `function` are the service's own, "" and 0 where
    none is on the stack. `detail`: what was seen and what to write instead, with the statement but never its
    parameters.
    """

    dependency: str
    kind: str
    file: str
    line: int
    function: str
    detail: str


@dataclass(frozen=True, slots=True)
class ReadRouted(Event):
    """A session that only reads got its connection, of database `to`, as `why` says.

    `dependency`: the database that was asked for. `why`: "replica"; or why it is the primary: "wrote" (the
    caller has written lately), "behind" (no replica is known to be as fresh as it has to be), "down" (those
    that are could not be used).
    """

    dependency: str
    to: str
    why: str


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

    def unsubscribe(self, kind: type[E], receive: Callable[[E], None]) -> None:
        """Deliver no more of `kind` to `receive`; harmless where it gets none."""
        here = list(self._subscribers.get(kind, ()))
        if receive in here:
            here.remove(receive)
            self._subscribers[kind] = tuple(here)

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
