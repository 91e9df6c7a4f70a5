"""The error ratio in the steady phase: answers of 500 and above, and requests without an answer."""

from __future__ import annotations

import numpy as np

from holdfast.gate.result import Judgement
from holdfast.gate.verdict import binomial
from holdfast.gate.verdict.evidence import Evidence, Judged

__all__ = ["judge"]


def judge(evidence: Evidence) -> Judged:
    """Judge `objective.errors`, where the budget has it: availability says nearly the same."""
    required, run = evidence.loaded.budget.objective.errors, evidence.run
    if required is None:
        return
    for phase in evidence.of("steady"):
        inside = run.between(phase.start, phase.end)
        n = int(np.count_nonzero(inside))
        failed = int(np.count_nonzero(inside & ((run.records.status >= 500) | ~run.answered)))
        outcome = binomial.test(failed, n, required)
        why = f"{failed} of {n} failed"
        if outcome == "cannot tell":
            why += f"; it takes {binomial.needed(required, failed):,} requests or more to decide"
        yield Judgement(
            id="objective.errors",
            title="error ratio",
            phase=phase.name,
            required=required,
            measured=failed / n if n else None,
            unit="ratio",
            better="lower",
            outcome=outcome,
            why=why,
            place="",
            source="",
        )
