"""What a worker shows of itself, read from its slot on the state board."""

from __future__ import annotations

from holdfast.service.health.config import HealthConfig
from holdfast.service.health.core import Vital
from holdfast.telemetry.board import DependencyCell, Slot
from holdfast.telemetry.refusals import split

__all__ = ["vital"]

_NOT_FULL = frozenset({"draining", "rate"})
"""Refusals that say nothing of how full the worker is: it leaves, or one caller has had his share."""


def vital(slot: Slot, config: HealthConfig) -> Vital:
    """Return the vital signs in `slot`; what `config` does not ask for is not read."""
    refused = 0
    if config.saturation is not None:
        refused = sum(cells[0] for name, cells in slot.refused.rows() if split(name)[0] not in _NOT_FULL)
    breakers = {}
    if config.dependencies:
        for name, cells in slot.dependencies.rows():
            if name in config.dependencies:
                moved = cells[DependencyCell.ATTEMPTS] + cells[DependencyCell.REFUSED]
                breakers[name] = (cells[DependencyCell.BREAKER] != 0, moved)
    return Vital(refused, slot.lately, breakers)
