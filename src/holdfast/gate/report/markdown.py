"""The result as Markdown, for the summary of a job and for a comment on a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from holdfast.gate.report.cause import Family, causes
from holdfast.gate.report.judged import MARK, WORD, by_outcome, margin, sides
from holdfast.gate.report.quantity import NOTHING, count, duration, rate, ratio
from holdfast.gate.result import GateResult, Judgement, Phase

__all__ = ["LIMIT", "render"]

LIMIT = 65_000
"""Characters that a comment may have: GitHub takes 65,536."""

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#])")
_CUT = "\n\n*Cut here: the whole is in gate.json and gate.html.*\n"


def render(result: GateResult) -> str:
    """Return the report, at most LIMIT characters: what comes last is cut."""
    text = "\n".join(_lines(result)) + "\n"
    if len(text) <= LIMIT:
        return text
    return text[: text.rindex("\n", 0, LIMIT - len(_CUT))] + _CUT


def _lines(result: GateResult) -> Iterator[str]:
    verdict = result.verdict
    yield f"## {MARK[verdict.outcome]} {WORD[verdict.outcome]}: {_text(result.app)}"
    yield ""
    yield _text(verdict.summary)
    if result.scale.statement:
        yield ""
        yield f"Scale: {_text(result.scale.statement)}"
    for title, lines in (
        ("Objectives", _objectives(by_outcome(result))),
        ("Why", _reasons(result)),
        ("Phases", _phases(result.phases)),
        ("Stalls of the event loop", _stalls(result)),
        ("Dependencies", _dependencies(result)),
    ):
        yield from _section(title, list(lines))
    noise = "quiet enough" if result.noise.quiet else f"not quiet: {_text(result.noise.why)}"
    yield from _section("Run it again", ["```sh", result.reproduce, "```", "", f"The machine was {noise}."])


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield from ("", f"### {title}", "", *lines)


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    columns = list(columns)
    yield f"| {' | '.join(name.removeprefix('>') for name in columns)} |"
    yield f"|{'|'.join('---:' if name.startswith('>') else '---' for name in columns)}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _objectives(judgements: Sequence[Judgement]) -> Iterator[str]:
    if judgements:
        yield from _table(("", "Objective", ">Required", ">Measured", "Note"), map(_objective, judgements))


def _objective(judgement: Judgement) -> Iterator[str]:
    required, measured = sides(judgement)
    yield f"{MARK[judgement.outcome]} {judgement.outcome}"
    yield _text(judgement.title + (f", {judgement.phase}" if judgement.phase else ""))
    yield required
    yield f"**{measured}**" if judgement.outcome == "fail" else measured
    yield _text("; ".join(filter(None, (margin(judgement), judgement.why, judgement.place))))


def _reasons(result: GateResult) -> Iterator[str]:
    for number, reason in enumerate(result.reasons, 1):
        at = f" `{reason.place}`" if reason.place else ""
        yield f"{number}. **{_text(reason.title)}**{at}"
        if reason.detail:
            yield f"   {_text(reason.detail)}"


def _phases(phases: Sequence[Phase]) -> Iterator[str]:
    if phases:
        columns = ("Phase", ">Offered", ">Goodput", ">Good", ">p50", ">p99", "What went wrong")
        yield from _table(columns, map(_phase, phases))


def _phase(phase: Phase) -> Iterator[str]:
    percentiles = phase.latency.percentiles
    wrong = [each for each in causes(phase.outcomes) if each.family is not Family.ANSWERED]
    yield _text(phase.name) + (f"<br>{_text(phase.fault.detail)}" if phase.fault else "")
    yield rate(phase.rate)
    yield rate(phase.goodput)
    yield ratio(phase.good / phase.offered) if phase.offered else NOTHING
    for key in ("p50", "p99"):
        yield duration(percentiles[key]) if key in percentiles else NOTHING
    yield _text(", ".join(f"{each.name}: {count(each.count)}" for each in wrong) or NOTHING)


def _stalls(result: GateResult) -> Iterator[str]:
    if not result.stalls:
        return
    rows = (
        (
            f"`{stall.file}:{stall.line}` in `{stall.function}`",
            _text(stall.route),
            count(stall.count),
            duration(stall.total),
            duration(stall.longest),
            count(stall.victims),
        )
        for stall in sorted(result.stalls, key=lambda stall: -stall.total)
    )
    yield from _table(("Line", "Route", ">Stalls", ">Blocked", ">Longest", ">Delayed"), rows)


def _dependencies(result: GateResult) -> Iterator[str]:
    if not result.dependencies:
        return
    rows = (
        (
            f"{_text(each.name)} ({each.kind})",
            count(each.seen),
            f"{each.amplification:.2f} x" if each.amplification is not None else NOTHING,
            "wired" if each.wired else f"not wired: {_text(each.why)}",
        )
        for each in result.dependencies
    )
    yield from _table(("Dependency", ">Calls seen", ">Amplification", "Proof"), rows)


def _text(words: str) -> str:
    """Return words as themselves: nothing in them is markup, or ends a line."""
    return _SPECIAL.sub(r"\\\1", " ".join(words.split()))
