"""A stretch of the schedule, planned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from holdfast.gate.fault.kinds import Fault, Script

__all__ = ["Kind", "PlannedPhase"]

Kind = Literal["warmup", "steady", "overload", "fault", "recovery"]


@dataclass(frozen=True, slots=True)
class PlannedPhase:
    """`seconds` of load at `rate` requests a second, with `fault` applied to `dependency` meanwhile."""

    name: str
    kind: Kind
    seconds: float
    rate: float
    dependency: str = ""
    fault: Fault | Script | None = None
