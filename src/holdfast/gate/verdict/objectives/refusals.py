"""Every refusal says when to come back; one that does not brings everyone back at once."""

from __future__ import annotations

import numpy as np

from holdfast.gate.measure.outcomes import with_retry_after
from holdfast.gate.result import Judgement
from holdfast.gate.verdict.evidence import Evidence, Judged

__all__ = ["judge"]


def judge(evidence: Evidence) -> Judged:
    """Judge the gate's own rule `gate.retry_after`, where there were refusals."""
    run = evidence.run
    refused = int(np.count_nonzero(run.refused))
    if not refused:
        return
    bare = int(np.count_nonzero(run.refused & ~with_retry_after(run.records.outcome)))
    yield Judgement(
        id="gate.retry_after",
        title="refusals say when to come back",
        phase="all",
        required=0,
        measured=bare,
        unit="count",
        better="lower",
        outcome="fail" if bare else "pass",
        why=f"{bare} of {refused} refusals carry no Retry-After",
        place="",
        source="",
    )
