"""The result as JUnit XML: each objective is a test. What is missing or undecided has not passed."""

from __future__ import annotations

from holdfast.gate.report.judged import by_outcome, margin, sides
from holdfast.gate.result import GateResult, Judgement
from holdfast.page.junit import Case, suite

__all__ = ["render"]


def render(result: GateResult) -> str:
    """Return a document of one suite; an objective that is deferred is a test that was skipped."""
    cases = [_case(judgement) for judgement in by_outcome(result)]
    if not result.ledger.balanced:
        problems = "\n".join(result.ledger.problems)
        cases.insert(0, Case("gate", "ledger", "failed", "cannot tell", result.verdict.summary, problems))
    return suite(
        f"holdfast gate {result.app}",
        cases,
        written=result.started,
        seconds=result.duration,
        properties={
            "verdict": result.verdict.outcome,
            "scale": result.scale.statement,
            "reproduce": result.reproduce,
        },
        output=result.verdict.summary,
    )


def _case(judgement: Judgement) -> Case:
    name = f"{judgement.title} ({judgement.phase})" if judgement.phase else judgement.title
    group = judgement.id.rpartition(".")[0] or judgement.id
    if judgement.outcome == "pass":
        return Case(group, name)
    if judgement.outcome == "not judged":
        return Case(group, name, "skipped")
    required, measured = sides(judgement)
    message = f"{judgement.outcome}: required {required}, measured {measured}"
    detail = "\n".join(filter(None, (margin(judgement), judgement.why, judgement.place, judgement.source)))
    return Case(group, name, "failed", judgement.outcome, message, detail)
