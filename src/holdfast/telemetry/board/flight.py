"""The last requests of a worker, in shared memory: which were in flight when it died is still to be read.

A request takes an entry as it is admitted, and gives it back as it ends; the entry that was given back
longest ago is taken next, so that those in flight are never overwritten, however long they last. An entry is
one `pack_into` at the start and a few stores at the end, 0.3 us together. What is dearer, the route's
template and when the answer began, is added at the loop's beats.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from holdfast.telemetry.board.table import cut

__all__ = ["FLIGHT_BYTES", "FLIGHT_ENTRIES", "Flight", "FlightRing", "Taken"]

FLIGHT_ENTRIES = 256
"""More in flight at once are not recorded."""

_CELLS = 6
_BEGAN, _ADMITTED, _ANSWERING, _ENDED, _STATUS, _ROUTED = range(_CELLS)

_ID, _METHOD, _PATH, _ROUTE = 40, 8, 64, 88  # bytes of each text
_ENTRY = struct.Struct(f"={_CELLS}d{_ID}s{_METHOD}s{_PATH}s")
_ROUTE_AT = _ENTRY.size
_ENTRY_BYTES = _ROUTE_AT + _ROUTE

FLIGHT_BYTES = FLIGHT_ENTRIES * _ENTRY_BYTES

_METHODS = {name: name.encode() for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")}

Scope = Mapping[str, Any]


class Answer(Protocol):
    """The gatekeeper's exchange, as far as it is looked at here."""

    status: int
    """0 until the answer begins."""


@dataclass(frozen=True, slots=True)
class Flight:
    """One request; times are seconds of the monotonic clock, 0.0 where it did not come so far.

    `answering` is when its answer was first seen to have begun, up to a beat of the loop late; an answer that
    was over by then has none. `route` is empty where no beat came after its routing. `path` is cut.
    """

    request_id: str
    method: str
    path: str
    route: str
    began: float
    admitted: float
    answering: float
    ended: float
    status: int

    @property
    def phase(self) -> str:
        """How far it came: "admitted", "routed", "answering", "ended"."""
        if self.ended:
            return "ended"
        if self.answering:
            return "answering"
        return "routed" if self.route else "admitted"


class Taken:
    """An entry in the hands of a request."""

    __slots__ = ("answer", "cells", "matched", "raw", "scope")

    def __init__(self, raw: memoryview[int]) -> None:
        self.raw = raw
        self.cells: memoryview[float] = raw[: _CELLS * 8].cast("d")
        self.scope: Scope | None = None
        self.answer: Answer | None = None
        self.matched: tuple[Any, Any] | None = None
        """What the route is told by, of a request that has ended: not its scope, which holds all it held."""


class FlightRing:
    """`FLIGHT_ENTRIES` entries; one writing thread, the loop's, and readers in any process.

    A reader may meet an entry that is being taken anew: then its id and its times are of two requests. The
    time for that is some 100 ns, and who reads the entries of the dead does not meet it but by a kill within.
    """

    __slots__ = ("_free", "_raw", "_taken")

    def __init__(self, raw: memoryview[int]) -> None:
        """Lay a ring over `raw`, `FLIGHT_BYTES` bytes of shared memory."""
        self._raw = raw
        self._free: deque[Taken] = deque()
        self._taken: list[Taken] = []

    def clear(self) -> None:
        """Forget what a former owner of the slot left."""
        self._raw[:] = bytes(len(self._raw))

    def open(self) -> None:
        """Begin to write, as the owner of the slot, on the loop that runs now."""
        self.clear()
        starts = range(0, FLIGHT_BYTES, _ENTRY_BYTES)
        self._taken = [Taken(self._raw[start : start + _ENTRY_BYTES]) for start in starts]
        self._free = deque(self._taken)

    def begin(
        self, scope: Scope, request_id: bytes, began: float, admitted: float, answer: Answer
    ) -> Taken | None:
        """Record a request that is admitted; None when there is no entry for it. `end` gives it back."""
        if not self._free:
            return None
        taken = self._free.popleft()
        taken.scope, taken.answer, taken.matched = scope, answer, None
        method = scope["method"]
        _pack(
            taken.raw,
            0,
            began,
            admitted,
            0.0,
            0.0,
            0.0,
            0.0,
            request_id,
            _METHODS.get(method) or method.encode(),
            scope.get("raw_path") or scope["path"].encode(),
        )
        return taken

    def end(self, taken: Taken, now: float, status: int) -> None:
        """Record that a request has ended, with `status` or none (0)."""
        cells, scope = taken.cells, taken.scope
        cells[4] = status
        cells[3] = now
        if scope is not None:
            taken.matched = scope.get("route"), scope.get("fastapi")
        taken.scope = taken.answer = None
        self._free.append(taken)

    def mark(self, now: float, template: Callable[[Scope], str]) -> None:
        """Add what is known by now; `template` returns a scope's route. Called at each beat of the loop."""
        for taken in self._taken:
            scope, answer, matched = taken.scope, taken.answer, taken.matched
            if matched is not None:
                taken.matched = None
                scope = {"route": matched[0], "fastapi": matched[1] or {}}
            elif scope is None:
                continue
            elif answer is not None and answer.status and not taken.cells[_ANSWERING]:
                taken.cells[_STATUS] = answer.status
                taken.cells[_ANSWERING] = now
            if not taken.cells[_ROUTED] and (route := template(scope)):
                text = cut(route, _ROUTE)
                taken.raw[_ROUTE_AT : _ROUTE_AT + len(text)] = text
                taken.cells[_ROUTED] = len(text)

    def read(self) -> list[Flight]:
        """Return what stands there, those in flight first, then the others, the last to end first."""
        found = list(self._entries())
        return sorted(found, key=lambda flight: (flight.ended != 0.0, -flight.ended, flight.began))

    def _entries(self) -> Iterator[Flight]:
        copy = bytes(self._raw)
        for start in range(0, FLIGHT_BYTES, _ENTRY_BYTES):
            *times, status, routed, request_id, method, path = _ENTRY.unpack_from(copy, start)
            route = copy[start + _ROUTE_AT : start + _ROUTE_AT + int(routed)]
            if times[0]:
                began, admitted, answering, ended = times
                yield Flight(
                    request_id=_text(request_id),
                    method=_text(method),
                    path=_text(path),
                    route=_text(route),
                    began=began,
                    admitted=admitted,
                    answering=answering,
                    ended=ended,
                    status=int(status),
                )


_pack = _ENTRY.pack_into


def _text(raw: bytes) -> str:
    return raw.rstrip(b"\0").decode(errors="replace")
