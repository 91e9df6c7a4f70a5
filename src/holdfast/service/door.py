"""What a protocol may ask of the held app on its loop, before there is an ASGI scope.

The admission gate decides at the door of the app, in ASGI, and by then everything has been paid for: a parsed
head, a scope, a task. Under overload that is most of what a refusal costs. So the gate is asked earlier, by
whoever reads the bytes: `shut` needs nothing of the request, `refuses` its class. Nobody enters here: who is
not refused early goes through the gatekeeper as ever, and may be refused there.
"""

from __future__ import annotations

import asyncio
import weakref
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Protocol, runtime_checkable

from starlette.types import Scope

from holdfast.budget.model.connection import Connection
from holdfast.policy.admission.core import Refused
from holdfast.policy.admission.priority import LEVELS, NORMAL, OBSERVED, Class
from holdfast.policy.enforcement import ENFORCED, Enforcement
from holdfast.service.refusal import Answers
from holdfast.telemetry.board import Slot
from holdfast.telemetry.refusals import ANY_CLASS, Stage, row_name

__all__ = ["Asked", "Door", "at", "class_name", "publish", "withdraw"]


@runtime_checkable
class Asked(Protocol):
    """The gate, as far as it is asked here.

    Whoever is refused by one of the questions has been counted as turned away and comes no more; so neither
    is asked before all else is clear. `restless`: somebody was turned away of late.
    """

    coming: int
    """Requests that have been let through and are not at the gate yet."""

    @property
    def in_flight(self) -> int:
        """Requests inside."""

    @property
    def limit(self) -> int:
        """How many may be."""

    @property
    def queued(self) -> int:
        """Requests that wait."""

    @property
    def restless(self) -> bool:
        """Whether somebody may be turned away though there is room."""

    def shut(self, now: float) -> Refused | None:
        """Why even a request of the highest class is refused; None: perhaps it would be let in."""

    def refuses(self, now: float, priority: int) -> Refused | None:
        """Why a request of this priority is refused; None: perhaps it would be let in."""


Refuses = Callable[[float, int], Refused | None]
"""From now and a priority to why such a request is refused; None: perhaps it would be let in."""

Classify = Callable[[Scope], int]
"""From what is known of a request when its head has been read, as an ASGI scope has it, to its priority."""


class Door:
    """Of the held `app` on one loop; `close` ends it, and it then refuses nobody.

    `never` are the paths that are answered whatever the load: probes, and what the app exempts. `by_route`:
    `classify` asks for method and path only. `early` counts, by priority and reason, who was refused before
    his head was looked at (None: nothing was known of his class), `later` all others, by reason, stage and
    priority: no events, as in an overload there are more of them than of anything else.
    `connections` says how many there are, and `porter` is what the protocol keeps here, `porter.known` being
    forgotten at the end. `connection` says how far `limits` go.
    """

    __slots__ = (
        "_by_route",
        "_classify",
        "_gate",
        "answers",
        "app",
        "connection",
        "connections",
        "early",
        "later",
        "limits",
        "never",
        "porter",
    )

    def __init__(
        self,
        app: object,
        gate: object,
        *,
        answers: Answers,
        limits: Connection,
        connection: Enforcement = ENFORCED,
        never: Iterable[str] = (),
        classify: Classify = lambda scope: NORMAL,
        by_route: bool = True,
    ) -> None:
        self.app = app
        # A gate of the user's own that cannot be asked refuses in ASGI only.
        self._gate: Asked = gate if isinstance(gate, Asked) else _OPEN
        self._classify = classify
        self._by_route = by_route
        self.answers = answers
        self.limits = limits
        self.connection = connection
        self.never = frozenset(never)
        self.connections: Callable[[], int] | None = None
        self.porter: Any = None
        self.early: dict[int | None, defaultdict[str, int]] = {}
        self.later: defaultdict[tuple[str, Stage, int], int] = defaultdict(int)

    def calm(self) -> bool:
        """Whether whoever comes now is let in for certain, so that nothing need be asked."""
        gate = self._gate
        return gate.in_flight + gate.coming < gate.limit and not gate.restless and not gate.queued

    def expect(self) -> None:
        """Note that a request has been let through, and will be at the gate's in the loop's next turn.

        A loop reads all connections that have something before it runs the tasks that came of it: without
        this, all of them would find the last place free. Call it before that task is made, so that the count
        is back at zero when the first of them comes.
        """
        gate = self._gate
        gate.coming += 1
        if gate.coming == 1:
            asyncio.get_running_loop().call_soon(self._arrived)

    def _arrived(self) -> None:
        self._gate.coming = 0

    def refuses(self, now: float, scope: Scope) -> tuple[Refused, int] | None:
        """Why the request of `scope` is refused, and its priority; None: it may go on.

        Needs its method, path, root path, headers and client.
        """
        if scope["path"] in self.never:
            return None
        priority = self._classify(scope)
        refused = self._gate.refuses(now, priority)
        return None if refused is None else (refused, priority)

    def priority_of(self, method: str, path: str) -> int | None:
        """Return the priority of all requests for a path; None where it also depends on their headers."""
        if not self._by_route:
            return None
        return self._classify({"type": "http", "method": method, "path": path, "headers": ()})

    def asks(self, priority: int | None) -> tuple[Refuses, defaultdict[str, int]]:
        """Return what says whether a request is refused before its head is looked at, and where to count it.

        `priority` as `priority_of` says; None: it is refused only if even the highest would be. Good until
        `close`.
        """
        counts = self.early.get(priority)
        if counts is None:
            counts = self.early[priority] = defaultdict(int)
        gate = self._gate
        return (gate.refuses if priority is not None else lambda now, _: gate.shut(now)), counts

    def turns_away(self, now: float, priority: int) -> bool:
        """Whether a request that has come as far as the app is refused at once; counts it."""
        refused = self._gate.refuses(now, priority)
        if refused is None:
            return False
        self.later[refused.reason, Stage.ASGI, priority] += 1
        return True

    def fold(self, slot: Slot) -> None:
        """Add what was counted to the board; call it now and then."""
        for priority, counts in self.early.items():
            name = ANY_CLASS if priority is None else class_name(priority)
            for reason, number in counts.items():
                slot.refused.row(row_name(reason, Stage.PARSER, name))[0] += number
            counts.clear()
        if self.later:
            later, self.later = self.later, defaultdict(int)
            for (reason, stage, priority), number in later.items():
                slot.refused.row(row_name(reason, stage, class_name(priority)))[0] += number
        if self.connections is not None:
            slot.connections = self.connections()

    def close(self) -> None:
        """Refuse nobody any more."""
        self._gate = _OPEN
        if self.porter is not None:
            self.porter.known.clear()


def class_name(priority: int) -> str:
    """Return the name of the class of a priority, as metrics have it: "normal"."""
    kind = priority % OBSERVED // LEVELS
    return Class(kind).name.lower() if kind in _KINDS else str(kind)


_KINDS = frozenset(Class)


class _Open:
    __slots__ = ("coming",)

    in_flight = queued = 0
    limit = 1
    restless = False

    def __init__(self) -> None:
        self.coming = 0

    def shut(self, now: float) -> Refused | None:
        return None

    def refuses(self, now: float, priority: int) -> Refused | None:
        return None


_OPEN = _Open()

_doors: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Door] = weakref.WeakKeyDictionary()


def publish(door: Door) -> None:
    """Let protocols on the running loop find `door`."""
    _doors[asyncio.get_running_loop()] = door


def at(loop: asyncio.AbstractEventLoop) -> Door | None:
    """Return the door on `loop`; None: no held app runs there."""
    return _doors.get(loop)


def withdraw(door: Door) -> None:
    """End `door` and let nobody find it any more."""
    door.close()
    for loop, there in list(_doors.items()):
        if there is door:
            del _doors[loop]
