"""The highest rate at which one replica still keeps what the budget promises."""

from __future__ import annotations

from holdfast.gate.capacity.conduct import Pace, run
from holdfast.gate.capacity.result import CapacityResult, Step

__all__ = ["CapacityResult", "Pace", "Step", "run"]
