"""Saying which policies only observe, by a metric and a log line: nobody should believe to be held."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from holdfast.events import Bus
from holdfast.policy.enforcement import Enforcement
from holdfast.policy.mode import Mode, Modes
from holdfast.telemetry.board import ObservingCell, Slot

__all__ = ["enforcement", "observing", "tell"]

_log = logging.getLogger("holdfast")


def tell(slot: Slot, policy: str, missing: Iterable[str] = (), *, rest: str = "") -> None:
    """Say that `policy` ("admission", "dependency payments") observes only.

    `missing` is what is not decided; where nothing is, somebody decided that it observes. `rest`: what is to
    be said of those parts of it that are decided.
    """
    slot.observing.row(policy)[ObservingCell.ACTIVE] = 1
    lacks = ", ".join(missing)
    if not lacks:
        _log.warning("%s: only observes, as was decided", policy)
    elif rest:
        _log.warning("%s: not decided, and absent: %s; %s", policy, lacks, rest)
    else:
        _log.warning("%s: only observes, not decided: %s", policy, lacks)


def observing(slot: Slot, policy: str, modes: Modes) -> None:
    """Say where `policy` only observes as was decided: everywhere, or on which routes."""
    if modes.default is Mode.OBSERVE:
        tell(slot, policy)
    for route, mode in modes.by_route.items():
        if mode is Mode.OBSERVE and modes.default is not Mode.OBSERVE:
            tell(slot, f"{policy} {route}")


def enforcement(slot: Slot, bus: Bus, policy: str, mode: str) -> Enforcement:
    """Return how far `policy` goes that is alike on all routes; say so where it only observes."""
    found = Mode(mode)
    observing(slot, policy, Modes(found))
    return Enforcement(policy, found, bus)
