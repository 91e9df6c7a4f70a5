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
    traffic,
    without,
)

__all__ = ["COUNTED", "TIMED", "judge"]

TIMED = (latency, throughput, without, recovery)
"""Objectives that ask whether answers come in time: where the machine was too noisy, they are not missed."""

COUNTED = (availability, errors, amplification, refusals, traffic)
"""Objectives that ask how often something happens, whatever the time it takes."""


def judge(evidence: Evidence) -> list[Judgement]:
    """Judge every objective of the budget and the gate's own rules."""
    timed = (evidence.believed(found) for objective in TIMED for found in objective.judge(evidence))
    counted = (found for objective in COUNTED for found in objective.judge(evidence))
    return [evidence.entered(found) for found in (*timed, *counted)]
