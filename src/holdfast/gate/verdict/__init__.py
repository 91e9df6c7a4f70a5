"""From figures to a decision: each objective judged, the reasons found, one verdict."""

from __future__ import annotations

from holdfast.gate.verdict.decide import decide
from holdfast.gate.verdict.evidence import Evidence
from holdfast.gate.verdict.objectives import judge
from holdfast.gate.verdict.reasons import explain

__all__ = ["Evidence", "decide", "explain", "judge"]
