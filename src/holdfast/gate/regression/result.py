"""What a comparison of two builds found: one versioned document, which text renders."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from holdfast.gate.regression.decide import Comparison
from holdfast.gate.result import Scale, Verdict

__all__ = ["RegressionResult", "Side", "Window"]

SCHEMA = "holdfast.regression"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Side:
    """One build: where its code is, and what ran it."""

    folder: str
    python: str


@dataclass(frozen=True, slots=True)
class Window:
    """One window of one build.

    `cpu`: CPU seconds a good answer, None where a process was replaced meanwhile. `p50`, `p99`: latency
    in seconds, None without an answer. `requests` sent, `bad`: outcomes that are bad by [sli], by name.
    """

    pair: int
    build: str
    first: bool
    requests: int
    cpu: float | None
    p50: float | None
    p99: float | None
    bad: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RegressionResult:
    """One comparison. `pairs` of windows were driven, `window` seconds each."""

    app: str
    service: str
    budget: str
    seed: int
    started: str
    duration: float
    reproduce: str
    verdict: Verdict
    scale: Scale
    old: Side
    new: Side
    pairs: int
    window: float
    comparisons: Sequence[Comparison]
    windows: Sequence[Window]
    schema: str = SCHEMA
    version: int = VERSION

    def document(self) -> dict[str, Any]:
        """Return the document as JSON-ready data; what is infinite is null."""
        document = asdict(self)
        for one in document["comparisons"]:
            one.update({key: None for key, value in one.items() if value == math.inf})
        return document

    def write(self, path: Path) -> None:
        """Write the document."""
        path.write_text(json.dumps(self.document(), indent=2) + "\n", encoding="utf-8")
