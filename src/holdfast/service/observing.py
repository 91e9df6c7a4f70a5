"""Saying which policies only observe, by a metric and a log line: nobody should believe to be held."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from holdfast.telemetry.board import ObservingCell, Slot

__all__ = ["tell"]

_log = logging.getLogger("holdfast")


def tell(slot: Slot, policy: str, missing: Iterable[str]) -> None:
    """Say that `policy` ("admission", "dependency payments") observes only, `missing` not being decided."""
    slot.observing.row(policy)[ObservingCell.ACTIVE] = 1
    _log.warning("%s: only observes, not decided: %s", policy, ", ".join(missing))
