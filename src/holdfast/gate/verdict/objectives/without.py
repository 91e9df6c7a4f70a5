"""What stays good while a dependency fails: the acceptable degradation, `objective.without.NAME`.

A dependency that one request in ten needs takes about one in ten with it, more or less as the arrivals fall.
So a share below the promise fails only where it is too far below for chance.
"""

from __future__ import annotations

from holdfast.gate.result import Calls, Judgement, Outcome, Phase
from holdfast.gate.verdict import binomial
from holdfast.gate.verdict.evidence import Evidence, Judged

__all__ = ["judge"]


def judge(evidence: Evidence) -> Judged:
    """Judge the share of good requests of each fault phase; only a proven fault counts as one.

    A promise about a dependency that the run could not break is not kept by that: it cannot be told.
    """
    promised = evidence.loaded.budget.objective.without
    if not evidence.breaks:
        return
    for calls in evidence.dependencies:
        broken = [p for p in evidence.of("fault") if p.fault is not None and p.fault.dependency == calls.name]
        for phase in broken:
            outcome, why = _decide(phase, calls, promised.get(calls.name))
            yield _judgement(evidence, calls, phase.name, _share(phase), outcome, why)
        if not broken and (calls.name in promised or calls.kind == "http"):
            yield _judgement(evidence, calls, "all", None, "cannot tell", f"could not be broken: {calls.why}")


def _share(phase: Phase) -> float | None:
    return phase.good / phase.offered if phase.offered else None


def _decide(phase: Phase, calls: Calls, required: float | None) -> tuple[Outcome, str]:
    detail = phase.fault.detail if phase.fault is not None else ""
    why = f"{phase.good} of {phase.offered} good and in time: {calls.name}, {detail}"
    if required is None and calls.kind != "http":
        # A service may well be nothing without its database; only of what has a fallback is it asked.
        return "not judged", f"{why}; the budget promises nothing for that"
    if not calls.wired:
        return "cannot tell", calls.why
    share = _share(phase)
    if share is None:
        return "cannot tell", "nothing was offered"
    if required is None or share >= required:
        return "pass", why
    test = binomial.test(phase.offered - phase.good, phase.offered, 1 - required)
    return ("fail" if test == "fail" else "cannot tell"), why


def _judgement(
    evidence: Evidence, calls: Calls, phase: str, share: float | None, outcome: Outcome, why: str
) -> Judgement:
    return Judgement(
        id=f"objective.without.{calls.name}",
        title=f"good without {calls.name}",
        phase=phase,
        required=evidence.loaded.budget.objective.without.get(calls.name),
        measured=share,
        unit="ratio",
        better="higher",
        outcome=outcome,
        why=why,
        place="",
        source="",
    )
