"""Prometheus text made from a state board, for all its workers at once.

Counters and histograms are summed over every slot, those of dead workers included, so they never run back
while the board lives. Gauges speak of living workers only, by slot ("worker"), a number that a restart keeps.
A module for each subject declares its families as data; `catalogue` puts them in order.
"""

from __future__ import annotations

from holdfast.telemetry.exposition.catalogue import FAMILIES
from holdfast.telemetry.exposition.collector import (
    CONTENT_TYPE,
    BoardCollector,
    negotiated,
    render,
    render_process,
)
from holdfast.telemetry.exposition.family import Family

__all__ = [
    "CONTENT_TYPE",
    "FAMILIES",
    "BoardCollector",
    "Family",
    "negotiated",
    "render",
    "render_process",
]
