"""What a finding costs: measured, modelled from what was measured elsewhere, or unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from holdfast.audit.evidence.match import holds_the_loop
from holdfast.audit.evidence.prediction import Prediction
from holdfast.audit.evidence.proof import Proof, Status
from holdfast.audit.finding import Finding
from holdfast.audit.words import milliseconds

__all__ = ["UNKNOWN", "impacts", "predicted"]

UNKNOWN: dict[str, Any] = {"label": "unknown"}


def impacts(findings: Sequence[Finding], proofs: Sequence[Proof]) -> list[dict[str, Any]]:
    """Return the impact of each finding, in their order.

    One that is not confirmed, whose sink stalled the loop at another place, is taken to cost a call there
    what a call costs there; how often it is called is not known.
    """
    each: dict[str, tuple[float, Finding]] = {}
    for finding, proof in zip(findings, proofs, strict=True):
        if proof.stalls and proof.seconds is not None and finding.sink:
            known = each.get(finding.sink)
            mean = proof.seconds / proof.stalls
            if known is None or mean > known[0]:
                each[finding.sink] = (mean, finding)
    return [_impact(finding, proof, each) for finding, proof in zip(findings, proofs, strict=True)]


def predicted(p99: Prediction | None) -> dict[str, Any]:
    """Return what is predicted of p99, as the document has it."""
    return {"label": "modelled", **asdict(p99)} if p99 is not None else UNKNOWN


def _impact(finding: Finding, proof: Proof, each: dict[str, tuple[float, Finding]]) -> dict[str, Any]:
    if proof.status is Status.CONFIRMED:
        return {
            "label": "measured",
            "seconds": proof.seconds,
            "longest": proof.longest,
            "victims": proof.victims,
            "saving": asdict(proof.saving) if proof.saving is not None else None,
            "p99": predicted(proof.p99),
        }
    if holds_the_loop(finding) and finding.sink in each:
        mean, other = each[finding.sink]
        how = f"{finding.sink} took {milliseconds(mean)} on average at {other.file}:{other.line}"
        return {"label": "modelled", "seconds_a_call": mean, "how": how}
    return UNKNOWN
