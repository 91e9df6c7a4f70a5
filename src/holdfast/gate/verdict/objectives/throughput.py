"""Throughput, judged under overload: only there is more offered than promised."""

from __future__ import annotations

from holdfast.gate.result import Judgement, Outcome
from holdfast.gate.verdict.evidence import Evidence, Judged

__all__ = ["judge"]


def judge(evidence: Evidence) -> Judged:
    """Judge `objective.throughput`, scaled to the share of the peak that was driven."""
    promised = evidence.loaded.budget.objective.throughput
    required = promised * evidence.share if promised is not None else None
    for phase in evidence.of("overload"):
        enough = required is not None and phase.goodput >= required
        outcome: Outcome = "pass" if enough else "fail"
        why = f"{phase.goodput:.0f} good answers a second in time while {phase.rate:.0f} were offered"
        if required is not None and required > phase.rate:
            outcome, why = "cannot tell", f"{why}: more is promised than this gate offers"
        yield Judgement(
            id="objective.throughput",
            title="throughput under overload",
            phase=phase.name,
            required=required,
            measured=phase.goodput,
            unit="/s",
            better="higher",
            outcome=outcome,
            why=why,
            place="",
            source="",
        )
