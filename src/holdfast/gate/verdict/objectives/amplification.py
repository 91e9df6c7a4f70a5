"""Retry amplification, counted at the dependency: retries are bounded by a share of the calls.

The bound holds over the window that the retry budget slides over. A fault that is shorter than the window
may be met with what the healthy traffic before it has paid in: within `seconds` there are at most
ratio x ceil(seconds / window) x window / seconds retries for each call that is needed.
"""

from __future__ import annotations

import math

from holdfast.gate.result import Calls, Judgement, Outcome
from holdfast.gate.verdict.evidence import Evidence, Judged

__all__ = ["WINDOW", "judge"]

WINDOW = 10.0
"""Seconds that a retry budget slides over: Finagle's default TTL of its deposits, and the guard's."""


def judge(evidence: Evidence) -> Judged:
    """Judge each dependency's worst fault phase against its retry budget."""
    if not evidence.breaks:
        return
    lengths = {phase.name: phase.end - phase.start for phase in evidence.phases}
    for calls in evidence.dependencies:
        retry = evidence.loaded.budget.dependency[calls.name].retry
        ratio = retry.budget
        if retry.attempts == 1:
            continue  # nothing is repeated, so there is nothing to bound
        # Without a ratio only a count of calls is undecided. Statements and commands are not repeated by the
        # guard unless the budget says so, and how many there are is the service's own affair.
        if ratio is None and (calls.kind != "http" or calls.amplification is None):
            continue
        seconds = lengths.get(calls.amplification_phase, WINDOW)
        allowed = 1 + ratio * math.ceil(seconds / WINDOW) * WINDOW / seconds if ratio is not None else None
        outcome, why = _decide(calls, allowed)
        yield Judgement(
            id=f"dependency.{calls.name}.retry.budget",
            title=f"retry amplification at {calls.name}",
            phase=calls.amplification_phase or "all",
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
    usual = calls.usual or 1.0
    seen = calls.amplification * usual * (calls.needed or 0)
    each = "" if usual == 1 else f", each of which takes {usual:.3g} while nothing fails"
    why = f"{seen:.0f} calls for {calls.needed} requests that need {calls.name}{each}"
    return ("pass" if calls.amplification <= allowed else "fail"), why
