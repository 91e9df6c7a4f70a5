"""Saying which policies only observe, by a metric and a log line: nobody should believe to be held."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from holdfast.telemetry.board import ObservingCell, Slot

__all__ = ["tell"]

_log = logging.getLogger("holdfast")


def tell(slot: Slot, policy: str, missing: Iterable[str] = ()) -> None:
    """Say that `policy` ("admission", "dependency payments") observes only.

    `missing` is what is not decided; where nothing is, somebody decided that it observes.
    """
    slot.observing.row(policy)[ObservingCell.ACTIVE] = 1
    lacks = ", ".join(missing)
    _log.warning("%s: only observes, %s", policy, f"not decided: {lacks}" if lacks else "as was decided")
