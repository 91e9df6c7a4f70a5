"""The report in five parts as Markdown, for pull requests and wikis."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from holdfast.audit.report.advice import EFFORTS
from holdfast.audit.report.evidence import evidence, saves
from holdfast.audit.report.language import language
from holdfast.audit.report.parts import SEVERITIES, Parts, Recommendation, parts

__all__ = ["markdown"]


def markdown(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the report on an audit's document, line by line."""
    told = parts(document)
    yield f"# Audit of {_text(document['project'])}: {document['outcome']}"
    yield from _section("1. Assessment", _assessment(told))
    yield from _section("2. Recommendations", _recommendations(told.recommendations))
    yield from _section("3. Code examples", _examples(told.recommendations))
    yield from _section("4. What to monitor", _monitor(told))
    yield from _section("5. Next steps", (f"{n}. {step}" for n, step in enumerate(told.steps, 1)))
    yield from _section("Questions that reading could not answer", _questions(told.questions))


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield ""
    yield f"## {title}"
    yield ""
    yield from lines


def _assessment(told: Parts) -> Iterator[str]:
    for sentence in told.assessment:
        yield _text(sentence)
    if told.findings:
        yield from _findings(told)
    for one in told.unexplained:
        yield ""
        at = f"`{one['file']}:{one['line']}` in `{one['function']}`"
        yield f"No finding explains {one['seconds']:.3g} s of stalls at {at} (innermost: `{one['sink']}`)."
        if one["proposal"]:
            yield "For the budget, so that the audit knows this call:"
            yield ""
            yield from ("```toml", one["proposal"], "```")


def _findings(told: Parts) -> Iterator[str]:
    yield ""
    yield "| Severity | Rule | Place | What | Impact |"
    yield "|---|---|---|---|---|"
    for one in told.findings:
        place = f"`{one['file']}:{one['line']}`"
        cells = (one["severity"], one["rule"], place, _text(one["message"]), _text(_impact(one)))
        yield f"| {' | '.join(cells)} |"


def _impact(one: Mapping[str, Any]) -> str:
    """Return the label, and what it rests on."""
    impact = one["impact"]
    return "; ".join(filter(None, [impact["label"], impact.get("how", ""), evidence(one)]))


def _recommendations(each: Iterable[Recommendation]) -> Iterator[str]:
    """Yield the grid of impact against effort, then each recommendation with its why and its trade-off."""
    each = list(each)
    if not each:
        yield "Nothing was found that would have to change."
        return
    yield f"| Impact | {' | '.join(f'{effort} effort' for effort in EFFORTS)} |"
    yield f"|---|{'---|' * len(EFFORTS)}"
    for impact in SEVERITIES:
        cells = [
            ", ".join(one.code for one in each if (one.impact, one.advice.effort) == (impact, effort)) or " "
            for effort in EFFORTS
        ]
        yield f"| {impact} | {' | '.join(cells)} |"
    for number, one in enumerate(each, 1):
        yield ""
        yield f"### {number}. {one.code} {one.title}: {one.impact} impact, {one.advice.effort} effort"
        yield ""
        if one.rule is not None:
            yield f"{one.rule.what} {one.rule.why}"
            yield ""
        yield from (f"- Do: {fix}" for fix in one.fixes)
        yield f"- Trade-off: {one.advice.trade_off}"
        yield f"- Where: {', '.join(f'`{_place(finding)}`' for finding in one.findings)}"
        for finding in one.findings:
            if saved := saves(finding["impact"]):
                yield f"- Saves at `{_place(finding)}`: {_text(saved)}"


def _examples(each: Iterable[Recommendation]) -> Iterator[str]:
    for one in each:
        first = one.example
        yield f"### {one.code} {one.title}"
        yield ""
        if first is not None:
            yield f"As it is, `{_place(first)}`:"
            yield ""
            yield from _fenced(first["frame"]["lines"], first["file"])
            yield ""
        if first is not None and (diff := first["diff"]) is not None:
            check = f"; check {diff['check']}" if diff["check"] else ""
            yield f"Mended: {_text(diff['what'] + check)}"
            yield ""
            yield from _fenced(diff["lines"], "change.diff")
            yield ""
        elif one.rule is not None:
            yield "As it should be, in an example of the rule:"
            yield ""
            yield from _fenced(one.rule.good.strip("\n").split("\n"), one.rule.file)
            yield ""


def _monitor(told: Parts) -> Iterator[str]:
    if not told.metrics:
        yield "Nothing in particular."
        return
    yield "| Metric | Shows the harm of |"
    yield "|---|---|"
    for metric in told.metrics:
        yield f"| `{metric.name}` | {', '.join(metric.codes)} |"


def _questions(each: Iterable[str]) -> Iterator[str]:
    lines = [f"- {_text(question)}" for question in each]
    yield from lines or ["None."]


def _fenced(lines: Iterable[str], file: str) -> Iterator[str]:
    lines = list(lines)
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}{language(file)}"
    yield from lines
    yield fence


def _place(finding: Mapping[str, Any]) -> str:
    return f"{finding['file']}:{finding['line']}"


def _text(words: str) -> str:
    """Return words as they read, whatever signs of Markdown or HTML they hold; `code` stays code."""
    parts = re.split(r"(`[^`]*`)", " ".join(words.split()))
    return "".join(
        part if part.startswith("`") else re.sub(r"([\\*_<>\[\]|#])", r"\\\1", part) for part in parts
    )
