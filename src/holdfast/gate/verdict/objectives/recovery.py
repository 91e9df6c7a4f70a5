"""Recovery: after each disturbance the same load must soon be served as well as before."""

from __future__ import annotations

from holdfast.budget.units import format_duration
from holdfast.gate.result import Judgement, Outcome, Recovery
from holdfast.gate.verdict.evidence import Evidence, Judged

__all__ = ["judge"]


def judge(evidence: Evidence) -> Judged:
    """Judge `objective.recovery` after every overload and fault."""
    required = evidence.loaded.budget.objective.recovery
    for recovery in evidence.recoveries:
        outcome, why = _decide(recovery, required, _watched(evidence, recovery))
        if doubt := _doubt(evidence, recovery):
            outcome, why = "cannot tell", doubt
        yield Judgement(
            id="objective.recovery",
            title=f"recovery after {recovery.after}",
            phase=recovery.after,
            required=required,
            measured=recovery.seconds,
            unit="s",
            better="lower",
            outcome=outcome,
            why=why,
            place="",
            source="",
        )


def _doubt(evidence: Evidence, recovery: Recovery) -> str:
    """Return why there was nothing to recover from or to; "" where there was."""
    if all(phase.good == 0 for phase in evidence.of("steady")):
        return "no answer was good and in time before the disturbance either"
    fault = next((phase.fault for phase in evidence.phases if phase.name == recovery.after), None)
    if fault is None:
        return ""
    broken = next(calls for calls in evidence.dependencies if calls.name == fault.dependency)
    return "" if broken.wired else broken.why


def _watched(evidence: Evidence, recovery: Recovery) -> float:
    """Seconds of undisturbed load after the disturbance."""
    return sum(p.end - p.start for p in evidence.phases if p.kind == "recovery" and p.start == recovery.at)


def _decide(recovery: Recovery, required: float | None, watched: float) -> tuple[Outcome, str]:
    if recovery.seconds is None:
        if required is not None and required > watched:
            return "cannot tell", f"watched for {format_duration(watched)} only"
        return "fail", f"not as good as before within {format_duration(watched)}"
    in_time = required is None or recovery.seconds <= required
    took = round(recovery.seconds, 2)
    when = f"{format_duration(took)} after the disturbance ended" if took else "at once"
    why = f"as good as before {when}"
    return ("pass" if in_time else "fail"), why
