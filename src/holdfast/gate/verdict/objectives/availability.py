"""Availability in the steady phase: the share of requests that [sli] counts as good, late or not."""

from __future__ import annotations

import numpy as np

from holdfast.gate.result import Judgement, Outcome
from holdfast.gate.verdict import binomial
from holdfast.gate.verdict.evidence import Evidence, Judged

__all__ = ["judge"]


def judge(evidence: Evidence) -> Judged:
    """Judge `objective.availability`."""
    required, run = evidence.loaded.budget.objective.availability, evidence.run
    for phase in evidence.of("steady"):
        counted = run.between(phase.start, phase.end) & run.counted
        n = int(np.count_nonzero(counted))
        bad = int(np.count_nonzero(counted & ~run.acceptable))
        outcome: Outcome = "cannot tell"
        why = f"{bad} of {n} bad"
        if required is not None:
            outcome = binomial.test(bad, n, 1 - required)
            if outcome == "cannot tell":
                why += f"; it takes {binomial.needed(1 - required, bad):,} requests or more to decide"
        yield Judgement(
            id="objective.availability",
            title="availability",
            phase=phase.name,
            required=required,
            measured=1 - bad / n if n else None,
            unit="ratio",
            better="higher",
            outcome=outcome,
            why=why,
            place="",
            source="",
        )
