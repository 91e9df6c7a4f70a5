"""What comes back from a run before anything is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from holdfast.gate.conduct.dependencies import Wired
from holdfast.gate.conduct.watcher import Watcher
from holdfast.gate.drive.records import Records
from holdfast.gate.fault.counts import Counts
from holdfast.gate.result import Scale
from holdfast.gate.scenario import PlannedPhase

__all__ = ["Raw"]


@dataclass(frozen=True, slots=True)
class Raw:
    """`edges`: seconds at which the phases begin and, last, end. `names`: the route of each payload.

    `counts[p]`: the proxies' counts at the start of phase p, and once more at the end. `steal`: share of CPU
    time that the host took. `shared`: whether driver and service had one core between them.
    """

    records: Records
    names: Sequence[str]
    planned: Sequence[PlannedPhase]
    edges: Sequence[float]
    scale: Scale
    wired: Sequence[Wired]
    counts: Sequence[Mapping[str, Counts]]
    watcher: Watcher
    steal: float
    shared: bool
    started: datetime
    duration: float
