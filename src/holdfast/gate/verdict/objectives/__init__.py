"""Each objective held against the run, one file each: evidence in, judgements out."""

from __future__ import annotations

from holdfast.gate.result import Judgement
from holdfast.gate.verdict.evidence import Evidence
from holdfast.gate.verdict.objectives import (
    amplification,
    availability,
    errors,
    latency,
    recovery,
    refusals,
    throughput,
    without,
)

__all__ = ["OBJECTIVES", "judge"]

OBJECTIVES = (latency, availability, errors, throughput, without, recovery, amplification, refusals)


def judge(evidence: Evidence) -> list[Judgement]:
    """Judge every objective of the budget and the gate's own rules, in the order of `OBJECTIVES`."""
    return [evidence.entered(found) for objective in OBJECTIVES for found in objective.judge(evidence)]
