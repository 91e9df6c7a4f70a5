"""What is noted of every request: its latency by method, route and status class, and whether it was slow.

A request only leaves its figures in a list. They are folded into the histograms on the state board many at a
time, at each beat of the loop, so that a metric lags by a beat and what a request waits for is one append.
"""

from __future__ import annotations

import logging
from typing import Any

from starlette.types import Scope

from holdfast.loop.route import template
from holdfast.service.gatekeeper.exchange import Exchange
from holdfast.telemetry.board import Table
from holdfast.telemetry.buckets import SUM_NS, bucket

__all__ = ["UNMATCHED", "Ledger"]

UNMATCHED = "(unmatched)"
"""The one label of all paths that no route matches: whoever scans for paths must not make labels."""

_CLASSES = ("0xx", "1xx", "2xx", "3xx", "4xx", "5xx")
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_MOST = 256
"""Requests noted and not folded: a bound for when no beat comes."""

_slow = logging.getLogger("holdfast.slow")


class Ledger:
    """Adds each request to a histogram row on the state board.

    `slow_after` in seconds: a request that took longer is logged; None logs none. Call `fold` now and then.
    """

    __slots__ = ("_noted", "_rows", "_slow_after", "_table")

    def __init__(self, table: Table, slow_after: float | None) -> None:
        self._table = table
        self._slow_after = float("inf") if slow_after is None else slow_after
        self._rows: dict[tuple[str, str, int], memoryview[int]] = {}
        self._noted: list[tuple[Any, Any, str, int, float, bytes]] = []

    def enter(self, scope: Scope, exchange: Exchange, seconds: float) -> None:
        """Note a request that took `seconds`; status 0 is one that got no answer."""
        get, noted = scope.get, self._noted
        # Not the scope itself: it holds all that the request held.
        request_id = exchange.request_id
        noted.append((get("route"), get("fastapi"), scope["method"], exchange.status, seconds, request_id))
        if len(noted) >= _MOST:
            self.fold()

    def fold(self) -> None:
        """Add what was noted to the histograms, and log what was slow."""
        noted, self._noted = self._noted, []
        for route, fastapi, method, status, seconds, request_id in noted:
            key = (template({"route": route, "fastapi": fastapi or {}}), method, status // 100)
            row = self._rows.get(key)
            if row is None:
                row = self._open(*key)
            row[bucket(seconds)] += 1
            row[SUM_NS] += int(seconds * 1e9)
            if seconds > self._slow_after:
                path, named = key[0] or UNMATCHED, request_id.decode("ascii", "replace")
                _slow.warning(
                    "%s %s took %.3f s: status %d, request %s", method, path, seconds, status, named
                )

    def _open(self, route: str, method: str, status_class: int) -> memoryview[int]:
        method_known = method if method in _METHODS else "OTHER"
        word = _CLASSES[status_class] if 0 <= status_class < len(_CLASSES) else _CLASSES[0]
        row = self._table.row(f"{method_known} {route or UNMATCHED}\t{word}")
        # Bounded as the table is: whoever invents methods must not grow a dictionary either.
        if method_known == method and len(self._rows) < 4096:
            self._rows[route, method, status_class] = row
        return row
