"""Retry amplification, counted at the dependency: under a budget it is at most 1 + ratio."""

from __future__ import annotations

import math

from holdfast.gate.result import Calls, Judgement, Outcome
from holdfast.gate.verdict.evidence import Evidence, Judged

__all__ = ["judge"]


def judge(evidence: Evidence) -> Judged:
    """Judge each dependency's worst fault phase against its retry budget."""
    for calls in evidence.dependencies:
        if calls.amplification is None:
            continue
        dependency = evidence.loaded.budget.dependency[calls.name]
        ratio = dependency.retry.budget if dependency.retry is not None else None
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
    amplification, needed = calls.amplification or 0.0, calls.needed or 0.0
    if not calls.wired:
        return "cannot tell", calls.why
    if allowed is None:
        return "missing", "no retry budget in the budget"
    why = f"{amplification * needed:.0f} calls for about {needed:.0f} requests that need {calls.name}"
    # `needed` is known from the steady phase as a share of the traffic; both it and the count of the fault
    # phase scatter as Poisson counts do, so three standard errors are granted.
    scatter = 3 * amplification * math.sqrt(2 / needed) if needed else math.inf
    return ("pass" if amplification - scatter <= allowed else "fail"), why
