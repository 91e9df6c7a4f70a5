"""The flight record: what a worker was doing when it died, as one JSON document.

    {"schema": "holdfast.flight", "version": 1, "written": "2026-11-20T12:00:00.123Z", "app": "shop.main:app",
     "worker": {"pid": 4711, "state": "serving", "booted_at": ..., "heartbeat_at": ..., "silent": 30.2,
                "in_flight": 3, "queued": 0, "limit": 20, "lag": 0.004},
     "reason": "its loop stood still for 30.2 s",
     "stall": {... as in the stall log ...} or null,
     "stack": ["shop/orders.py:40 charge", ...],
     "requests": [{"request_id": ..., "method": ..., "path": ..., "route": ..., "phase": "answering",
                   "began_at": ..., "admitted_at": ..., "answering_at": ..., "ended_at": null,
                   "status": null}]}

Times ending in `_at` are seconds of the machine's monotonic clock, `silent` the seconds between the last
heartbeat and the record. Requests in flight come first, then the last ones to end.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from holdfast.errors import UsageError
from holdfast.events import StallSeen
from holdfast.telemetry.board import Flight, Slot

__all__ = ["SCHEMA", "VERSION", "document", "dump_path", "read"]

SCHEMA = "holdfast.flight"
VERSION = 1


def dump_path(board: Path, pid: int) -> Path:
    """Return the file beside `board` that worker `pid` dumps its stack to from within C code."""
    return board.with_name(f"dump-{pid}")


def document(
    slot: Slot,
    *,
    pid: int,
    now: float,
    written: str,
    app: str,
    reason: str,
    stall: StallSeen | None,
    stack: tuple[str, ...],
) -> dict[str, Any]:
    """Return the record of the worker whose slot this still is."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "written": written,
        "app": app,
        "worker": {
            "pid": pid,
            "state": slot.state,
            "booted_at": slot.booted_at,
            "heartbeat_at": slot.heartbeat,
            "silent": max(0.0, now - slot.heartbeat),
            "in_flight": slot.in_flight,
            "queued": slot.queued,
            "limit": slot.limit,
            "lag": slot.lag,
        },
        "reason": reason,
        "stall": None if stall is None else asdict(stall),
        "stack": list(stack or (stall.stack if stall is not None else ())),
        "requests": [_request(flight, stall) for flight in slot.flight.read()],
    }


def _request(flight: Flight, stall: StallSeen | None) -> dict[str, Any]:
    route = flight.route
    if not route and stall is not None and stall.request_id and stall.request_id == flight.request_id:
        route = stall.route.partition(" ")[2]  # the loop did not beat since; who watched it has seen more
    return {
        "request_id": flight.request_id,
        "method": flight.method,
        "path": flight.path,
        "route": route or None,
        "phase": flight.phase if flight.route or not route else "routed",
        "began_at": flight.began,
        "admitted_at": flight.admitted,
        "answering_at": flight.answering or None,
        "ended_at": flight.ended or None,
        "status": flight.status or None,
    }


def read(path: Path | str) -> dict[str, Any]:
    """Return the record in `path`; raises `UsageError` when it is none, or of a version not known here."""
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read the flight record: {error.strerror}", place=str(path)) from None
    except ValueError as error:
        raise UsageError(f"not a flight record: {error}", place=str(path)) from None
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise UsageError(f'not a flight record: no schema "{SCHEMA}"', place=str(path))
    if found.get("version") != VERSION:
        message = f"a flight record of version {found.get('version')}, this holdfast reads {VERSION}"
        raise UsageError(message, place=str(path))
    return found
