"""What is noted of every request: its latency by method, route and status class, and whether it was slow.

A request only leaves its figures in a list. They are folded into the histograms on the state board many at a
time, at each beat of the loop, so that a metric lags by a beat and what a request waits for is one append.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from itertools import repeat
from typing import Any

from starlette.types import Scope

from holdfast.loop.route import template
from holdfast.service.gatekeeper.exchange import Exchange
from holdfast.service.gatekeeper.slow import Slow, SlowLog
from holdfast.service.gatekeeper.spent import Stalls
from holdfast.telemetry.board import Table
from holdfast.telemetry.buckets import BOUNDS, FIRST_BUCKET, SUM_NS

__all__ = ["UNMATCHED", "Ledger"]

UNMATCHED = "(unmatched)"
"""The one label of all paths that no route matches: whoever scans for paths must not make labels."""

_CLASSES = ("0xx", "1xx", "2xx", "3xx", "4xx", "5xx")
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_MOST = 5 * 4096
"""What is noted of requests, five things of each, and not sorted: a bound for when no beat comes."""
_KINDS = 4096
"""Kinds of requests that are kept apart: whoever invents methods must not make them grow."""


class _Kind:
    """Requests of one route, method and status: the latencies noted since the last fold, and their row.

    `route` and `context` are held on to, so that no other object can come to have their ids.
    """

    __slots__ = ("context", "latencies", "method", "path", "route", "row", "status")

    def __init__(
        self, route: Any, context: Any, method: str, status: int, path: str, row: memoryview[int]
    ) -> None:
        self.route = route
        self.context = context
        self.method = method
        self.status = status
        self.path = path
        self.row = row
        self.latencies: list[float] = []


class Ledger:
    """Adds each request to a histogram row on the state board.

    `slow_after` in seconds: a request that took longer is told to `slow`; None tells of none. `bounds` of the
    histogram's buckets are the board's. `failed` is told of answers from 500 on, how many of a status. Call
    `fold` now and then.
    """

    __slots__ = ("_bounds", "_failed", "_kinds", "_noted", "_slow", "_slow_after", "_table")

    def __init__(
        self,
        table: Table,
        slow_after: float | None,
        bounds: tuple[float, ...] = BOUNDS,
        *,
        failed: Callable[[int, int], None] = lambda status, number: None,
        slow: SlowLog | None = None,
    ) -> None:
        self._table = table
        self._failed = failed
        self._bounds = bounds
        self._slow_after = float("inf") if slow_after is None else slow_after
        self._slow = SlowLog(Stalls()) if slow is None else slow
        self._kinds: dict[tuple[int, int, str, int], _Kind] = {}
        # Flat: an object for each request that lives until the beat would have the collector walk more often.
        self._noted: list[Any] = []

    def enter(self, scope: Scope, exchange: Exchange, now: float) -> None:
        """Note a request that ends now; status 0 is one that got no answer."""
        get = scope.get
        fastapi, seconds, noted = get("fastapi"), now - exchange.began, self._noted
        context = fastapi.get("effective_route_context") if fastapi else None
        noted += (get("route"), context, scope["method"], exchange.status, seconds)
        if seconds > self._slow_after:
            self._tell(get("route"), context, scope["method"], exchange, now)
        if len(noted) > _MOST:
            self._sort()

    def fold(self) -> None:
        """Add what was noted to the histograms, and tell of what was slow."""
        self._sort()
        for kind in list(self._kinds.values()):
            if kind.latencies:
                self._add(kind)
        self._slow.tell()

    def _sort(self) -> None:
        """Add what was noted to the latencies of its kinds."""
        noted, self._noted = self._noted, []
        kinds = self._kinds
        for route, context, method, status, seconds in zip(*[iter(noted)] * 5, strict=True):
            # By what they are, not by what they equal: routes compare by all their parts, and have no hash.
            kind = kinds.get((id(route), id(context), method, status))
            if kind is None:
                kind = self._kind(route, context, method, status)
            kind.latencies.append(seconds)

    def _add(self, kind: _Kind) -> None:
        latencies, kind.latencies = kind.latencies, []
        row = kind.row
        # All at once, in C: a worker that serves thousands a second has hundreds to add.
        for position, count in Counter(map(bisect_left, repeat(self._bounds), latencies)).items():
            row[FIRST_BUCKET + position] += count
        row[SUM_NS] += int(sum(latencies) * 1e9)
        if kind.status >= 500:
            self._failed(kind.status, len(latencies))

    def _tell(self, route: Any, context: Any, method: str, exchange: Exchange, now: float) -> None:
        """Note a slow request for the log."""
        kind = self._kinds.get((id(route), id(context), method, exchange.status))
        if kind is None:
            kind = self._kind(route, context, method, exchange.status)
        path, request_id = kind.path or UNMATCHED, exchange.request_id
        self._slow.note(
            Slow(
                kind.method,
                path,
                kind.status,
                request_id,
                exchange.began,
                exchange.entered,
                now,
                exchange.spent,
            )
        )

    def _kind(self, route: Any, context: Any, method: str, status: int) -> _Kind:
        """Return the kind of a request, and keep it: nearly all requests are of a few kinds."""
        path = template({"route": route, "fastapi": {"effective_route_context": context}})
        word = _CLASSES[status // 100] if 0 <= status < 100 * len(_CLASSES) else _CLASSES[0]
        known = method if method in _METHODS else "OTHER"
        kind = _Kind(
            route, context, method, status, path, self._table.row(f"{known} {path or UNMATCHED}\t{word}")
        )
        if len(self._kinds) >= _KINDS:
            for one in self._kinds.values():
                self._add(one)
            self._kinds.clear()
        self._kinds[id(route), id(context), method, status] = kind
        return kind
