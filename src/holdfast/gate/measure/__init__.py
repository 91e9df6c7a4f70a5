"""What the driver recorded, in figures: outcomes, latencies, phases, curves, recovery, the ledger."""

from __future__ import annotations

from holdfast.gate.measure.dependencies import calls, unproxied
from holdfast.gate.measure.ledger import balance
from holdfast.gate.measure.phases import measure as measure_phase
from holdfast.gate.measure.recovery import seconds_to_recover
from holdfast.gate.measure.run import Run
from holdfast.gate.measure.series import measure as measure_series

__all__ = [
    "Run",
    "balance",
    "calls",
    "measure_phase",
    "measure_series",
    "seconds_to_recover",
    "unproxied",
]
