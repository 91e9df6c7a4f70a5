"""What the gate does to a service, derived from its budget: stretches of load, and faults within them."""

from __future__ import annotations

from holdfast.gate.scenario.derive import FAULTS, OVERLOAD, WARM_UP, derive
from holdfast.gate.scenario.phase import PlannedPhase
from holdfast.gate.scenario.scale import scale

__all__ = ["FAULTS", "OVERLOAD", "WARM_UP", "PlannedPhase", "derive", "scale"]
