"""The report in five parts, made from an audit's document: what Markdown and HTML show alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from holdfast.audit.report.advice import EFFORTS, Advice, advice
from holdfast.audit.report.evidence import expected
from holdfast.audit.report.questions import questions, steps
from holdfast.audit.rules.catalogue import RULES
from holdfast.audit.rules.rule import Rule
from holdfast.audit.words import found, many

__all__ = ["SEVERITIES", "Metric", "Parts", "Recommendation", "parts"]

Finding = Mapping[str, Any]

SEVERITIES = ("high", "medium", "low")


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What to do about all findings of one rule. `impact` is the word of the worst of them; `seconds` for
    which they were measured to hold the loop, None where nothing was."""

    code: str
    rule: Rule | None
    advice: Advice
    impact: str
    seconds: float | None
    findings: Sequence[Finding]

    @property
    def title(self) -> str:
        """The rule's name, or its code where this holdfast has no such rule."""
        return self.rule.name if self.rule is not None else self.code

    @property
    def example(self) -> Finding | None:
        """The finding that shows the code best: with its change where one is known."""
        shown = [one for one in self.findings if one["frame"] is not None]
        return min(shown, key=lambda one: one["diff"] is None, default=None)

    @property
    def fixes(self) -> list[str]:
        """What to do, each way once."""
        return list(dict.fromkeys(one["fix"] for one in self.findings if one["fix"]))


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric that would show the harm of the findings of some rules."""

    name: str
    codes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Parts:
    """`assessment` in sentences, the `findings` that are new, the stalls that none of them explains,
    `recommendations` in the order in which they pay, the `metrics` to watch, the next `steps`, and the
    `questions` that reading did not answer."""

    assessment: Sequence[str]
    findings: Sequence[Finding]
    unexplained: Sequence[Mapping[str, Any]]
    recommendations: Sequence[Recommendation]
    metrics: Sequence[Metric]
    steps: Sequence[str]
    questions: Sequence[str]


def parts(document: Mapping[str, Any]) -> Parts:
    """Return the five parts of the report on `document`; what the baseline knows is counted only."""
    findings = [one for one in document["findings"] if not one["known"]]
    recommendations = _recommendations(findings)
    return Parts(
        list(_assessment(document, findings)),
        findings,
        document["evidence"]["unexplained"] if document["evidence"] is not None else (),
        recommendations,
        _metrics(recommendations),
        list(steps(document, [(one.code, one.title) for one in recommendations])),
        list(questions(document, findings)),
    )


def _assessment(document: Mapping[str, Any], findings: Sequence[Finding]) -> Iterable[str]:
    size = f"{many(document['files'], 'file')} with {many(document['lines'], 'line')}"
    yield f"{size} were read: {found(document['summary'])} found."
    if (baseline := document["baseline"]) is not None:
        yield f"{many(baseline['known'], 'finding')} known in {baseline['file']} and not shown."
    if (since := document["since"]) is not None:
        yield f"Only what changed since {since['reference']}: {since['untouched']} others are untouched."
    entries = {one["entry"] for one in findings if one["entry"] and one["rule"].startswith("HF1")}
    if entries:
        yield f"The event loop can be held from {_listed(sorted(entries))}."
    measured = [one for one in findings if one["impact"]["label"] == "measured"]
    if measured:
        seconds = sum(one["impact"]["seconds"] or 0.0 for one in measured)
        time = f", {seconds:.3g} s in all" if seconds else ""
        yield f"{many(len(measured), 'finding')} confirmed by evidence{time}."
        if (p99 := document["evidence"]["p99"])["label"] == "modelled":
            yield f"With these mended, {expected(p99)}."
    elif document["evidence"] is not None:
        yield "The evidence confirms none of the findings."


def _recommendations(findings: Sequence[Finding]) -> list[Recommendation]:
    by_code: dict[str, list[Finding]] = {}
    for one in findings:
        by_code.setdefault(one["rule"], []).append(one)
    return sorted((_recommendation(code, some) for code, some in by_code.items()), key=_pays)


def _recommendation(code: str, findings: Sequence[Finding]) -> Recommendation:
    times = [one["impact"].get("seconds") for one in findings]
    seconds = [time for time in times if time is not None]
    return Recommendation(
        code,
        _rules().get(code),
        advice(code),
        min((one["severity"] for one in findings), key=SEVERITIES.index),
        sum(seconds) if seconds else None,
        findings,
    )


def _pays(one: Recommendation) -> tuple[float, int, int, int, str]:
    """Order what is measured first, then by impact, then by how little it takes and how much it mends."""
    impact, effort = SEVERITIES.index(one.impact), EFFORTS.index(one.advice.effort)
    return (-(one.seconds or 0.0), impact, effort, -len(one.findings), one.code)


def _metrics(recommendations: Iterable[Recommendation]) -> list[Metric]:
    codes: dict[str, list[str]] = {}
    for one in recommendations:
        for name in one.advice.metrics:
            codes.setdefault(name, []).append(one.code)
    return [Metric(name, those) for name, those in codes.items()]


@cache
def _rules() -> Mapping[str, Rule]:
    return {rule.code: rule for rule in RULES}


def _listed(words: Sequence[str], most: int = 5) -> str:
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
