"""What stays good while a dependency fails: the acceptable degradation, `objective.without.NAME`.

A dependency that one request in ten needs takes about one in ten with it, more or less as the arrivals fall.
So a share below the promise fails only where it is too far below for chance.
"""

from __future__ import annotations

from holdfast.gate.result import Judgement, Outcome
from holdfast.gate.verdict import binomial
from holdfast.gate.verdict.evidence import Evidence, Judged

__all__ = ["judge"]


def judge(evidence: Evidence) -> Judged:
    """Judge the share of good requests of each fault phase; only a proven fault counts as one."""
    dependencies = {calls.name: calls for calls in evidence.dependencies}
    for phase in evidence.of("fault"):
        if phase.fault is None:
            continue
        name = phase.fault.dependency
        required = evidence.loaded.budget.objective.without.get(name)
        share = phase.good / phase.offered if phase.offered else None
        outcome: Outcome = "pass"
        why = f"{phase.good} of {phase.offered} good and in time while {name} {phase.fault.detail}"
        if required is None and dependencies[name].kind != "http":
            # A service may well be nothing without its database; only of what has a fallback is it asked.
            outcome, why = "not judged", f"{why}; the budget promises nothing for that"
        elif not dependencies[name].wired:
            outcome, why = "cannot tell", dependencies[name].why
        elif share is None:
            outcome, why = "cannot tell", "nothing was offered"
        elif required is not None and share < required:
            test = binomial.test(phase.offered - phase.good, phase.offered, 1 - required)
            outcome = "fail" if test == "fail" else "cannot tell"
        yield Judgement(
            id=f"objective.without.{name}",
            title=f"good without {name}",
            phase=phase.name,
            required=required,
            measured=share,
            unit="ratio",
            better="higher",
            outcome=outcome,
            why=why,
            place="",
            source="",
        )
