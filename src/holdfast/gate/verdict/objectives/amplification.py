"""Retry amplification, counted at the dependency: under a budget it is at most 1 + ratio."""

from __future__ import annotations

from holdfast.gate.result import Calls, Judgement, Outcome
from holdfast.gate.verdict.evidence import Evidence, Judged

__all__ = ["judge"]


def judge(evidence: Evidence) -> Judged:
    """Judge each dependency's worst fault phase against its retry budget."""
    for calls in evidence.dependencies:
        ratio = evidence.loaded.budget.dependency[calls.name].retry.budget
        # Nothing to divide by is undecided; a protocol that has no calls to count has no retries either.
        if calls.amplification is None and (calls.needed != 0 or ratio is None):
            continue
        allowed = 1 + ratio if ratio is not None else None
        outcome, why = _decide(calls, allowed)
        yield Judgement(
            id=f"dependency.{calls.name}.retry.budget",
            title=f"retry amplification at {calls.name}",
            phase=calls.amplification_phase,
            required=allowed,
            measured=calls.amplification,
            unit="x",
            better="lower",
            outcome=outcome,
            why=why,
            place="",
            source="",
        )


def _decide(calls: Calls, allowed: float | None) -> tuple[Outcome, str]:
    if not calls.wired:
        return "cannot tell", calls.why
    if calls.amplification is None:
        return "cannot tell", f'no request sent meanwhile has needs = ["{calls.name}"] in [traffic].request'
    if allowed is None:
        return "missing", "no retry budget in the budget"
    seen = calls.amplification * (calls.needed or 0)
    why = f"{seen:.0f} calls for {calls.needed} requests that need {calls.name}"
    return ("pass" if calls.amplification <= allowed else "fail"), why
