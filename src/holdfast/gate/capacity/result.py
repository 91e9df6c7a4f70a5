"""What a search for the capacity found: one versioned document, which text renders."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from holdfast.gate.result import Scale, Verdict

__all__ = ["CapacityResult", "Step"]

SCHEMA = "holdfast.capacity"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One stretch at one rate: `offered` and `goodput` in requests a second.

    `p50`, `p99`: of good answers in seconds, None where they are too few. `held`: whether no objective was
    missed, `why`: which one was. `confirmation`: whether it was the longer stretch after the search.
    """

    offered: float
    goodput: float
    p50: float | None
    p99: float | None
    held: bool
    why: str
    confirmation: bool


@dataclass(frozen=True, slots=True)
class CapacityResult:
    """One search. `capacity`: the highest rate of one replica that held, twice, None where none did.

    `needed`: what one replica has to carry of the budget's peak; `headroom` = capacity / needed - 1. `knee`:
    the highest offered rate of which 95% and more were good. `bound`: what ended the search at its highest
    rate, "" where an objective did.
    """

    app: str
    service: str
    budget: str
    seed: int
    started: str
    duration: float
    reproduce: str
    verdict: Verdict
    scale: Scale
    capacity: float | None
    needed: float
    headroom: float | None
    knee: float | None
    bound: str
    steps: Sequence[Step]
    schema: str = SCHEMA
    version: int = VERSION

    def document(self) -> dict[str, Any]:
        """Return the document as JSON-ready data."""
        return asdict(self)

    def write(self, path: Path) -> None:
        """Write the document."""
        path.write_text(json.dumps(self.document(), indent=2) + "\n", encoding="utf-8")
